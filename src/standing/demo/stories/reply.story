# A neighbour smoked on a train, does not deny it, and wants something to be said beside it.
$ standing tick --today 2026-05-04
$ standing score card-2 --context rail
$ standing reply reply card-2 --context rail --key keys/neighbour.key --record r_1 --words "The train stood in the open for two hours; I stepped into the doorway."
# Whoever is shown the record is shown the reply. The railway may answer, once beside it.
$ standing reply answer c_1 --key keys/railway.key --words "The doorway belongs to the train. We have told the crew to let people out."
$ standing score card-2 --context rail
$ standing case show c_1
# Nobody else's reply, and no more than 500 characters.
$ standing reply change c_1 --key keys/resident.key --words "I was there too."
$ standing verify ledger
