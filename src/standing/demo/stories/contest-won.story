# A railway recorded that a resident travelled without a fare and showed a forged ticket.
# Two weeks after the notice both records count.
$ standing tick --today 2026-05-04
$ standing score card-1 --context rail --as-of 2026-05-04
# The resident has the receipt, and contests the first record. It stops counting at once.
> receipt.txt Railway, 7 April 2026, Ashford to Milton, paid 12.40
$ standing contest file card-1 --context rail --key keys/resident.key --target record --named r_1 --words "I paid; here is the receipt." --file receipt.txt
$ standing score card-1 --context rail
# The railway sees the case and answers. Nobody there can decide it.
$ standing contest answer c_1 --key keys/railway.key --words "Our reader was out of order that day."
$ standing contest rule c_1 --key keys/railway.key --outcome uphold --reasons "We think that we were right." --opened r_1
# A reviewer of another employer has to look at everything before ruling.
$ standing contest rule c_1 --key keys/review-board.key --today 2026-05-06 --outcome annul --reasons "The receipt is for this train and this day." --opened r_1
$ standing case show c_1
$ standing contest rule c_1 --key keys/review-board.key --outcome annul --reasons "The receipt is for this train and this day." --opened r_1 --opened digest_1
$ standing score card-1 --context rail
# Nobody can rule twice, and everything still verifies.
$ standing contest rule c_1 --key keys/second-review.key --outcome uphold --reasons "It was decided otherwise." --opened r_1
$ standing tick --today 2026-05-07
$ standing verify ledger
