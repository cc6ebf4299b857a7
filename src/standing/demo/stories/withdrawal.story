# A resident who is in the middle of a contest stops.
$ standing tick --today 2026-05-04
$ standing score card-1 --context rail
$ standing contest file card-1 --context rail --key keys/resident.key --target record --named r_1 --words "I had a ticket."
$ standing consent withdraw --key keys/resident.key --context rail
# Everything ends at once: the contest in the resident's favour, the score, the answers.
$ standing case show c_1
$ standing score card-1 --context rail
$ standing decide --key keys/rail-sales.key --purpose high-speed-sale --transaction booking-1 --reference card-1
# Somebody who was never here is answered in the same words.
$ standing decide --key keys/rail-sales.key --purpose high-speed-sale --transaction booking-2 --reference card-9
# A new consent starts at the base.
$ standing consent give --key keys/resident.key --context rail --today 2026-05-05
$ standing score card-1 --context rail
$ standing verify ledger
