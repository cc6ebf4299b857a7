# A forged ticket lets the railway's sales propose to refuse high-speed tickets.
$ standing tick --today 2026-05-04
$ standing score card-1 --context rail
$ standing restriction propose card-1 --context rail --key keys/rail-sales.key --code no-high-speed --record r_2 --days 120 --words "A ticket that a court found to be forged."
$ standing decide --key keys/rail-sales.key --purpose high-speed-sale --transaction booking-1 --reference card-1
# One human is not enough above 90 days. Nobody of the railway's own house may decide, and nobody in a hurry.
$ standing restriction open c_1 --key keys/review-board.key
$ standing restriction decide c_1 --key keys/review-board.key --days 120 --active-seconds 40 --reasons "rail.forged-ticket of 2026-04-08 is proven." --opened r_2
$ standing restriction decide c_1 --key keys/review-board.key --days 150 --active-seconds 400 --reasons "rail.forged-ticket of 2026-04-08 is proven." --opened r_2
$ standing restriction decide c_1 --key keys/review-board.key --days 100 --active-seconds 400 --reasons "rail.forged-ticket of 2026-04-08 is proven." --opened r_2
$ standing restriction open c_1 --key keys/second-review.key
$ standing restriction decide c_1 --key keys/second-review.key --days 60 --active-seconds 300 --reasons "rail.forged-ticket is proven; sixty days are enough." --opened r_2 --today 2026-05-06
# It is announced, seven days before it begins. The answer stays clear, and the resident objects.
$ standing decide --key keys/rail-sales.key --purpose high-speed-sale --transaction booking-2 --reference card-1
$ standing restriction object c_1 --key keys/resident.key --words "I commute by this train to my mother's care." --today 2026-05-08
# Nothing begins until a second person decides. Nobody who decided before can be that person.
$ standing restriction settle c_1 --key keys/second-review.key --outcome begin --active-seconds 300 --reasons "rail.forged-ticket stands as it did before."
$ standing decide --key keys/rail-sales.key --purpose high-speed-sale --transaction booking-3 --reference card-1 --today 2026-05-15
# Silence lets it lapse.
$ standing tick --today 2026-05-26
$ standing case show c_1
$ standing decide --key keys/rail-sales.key --purpose high-speed-sale --transaction booking-4 --reference card-1
$ standing verify ledger
