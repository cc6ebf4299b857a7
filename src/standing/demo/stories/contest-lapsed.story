# A resident contests a record, and nobody decides.
$ standing tick --today 2026-05-04
$ standing score card-1 --context rail
$ standing contest file card-1 --context rail --key keys/resident.key --target record --named r_2 --words "This ticket was not mine."
$ standing score card-1 --context rail
# Five working days pass. The record lapses by itself: it never counts again.
$ standing tick --today 2026-05-12
$ standing case show c_1
$ standing score card-1 --context rail
# It is too late to rule.
$ standing contest rule c_1 --key keys/review-board.key --outcome uphold --reasons "The forgery is proven by a court." --opened r_2
$ standing tick --today 2026-11-20
$ standing score card-1 --context rail
$ standing verify ledger
