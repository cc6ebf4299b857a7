# A neighbour has records, and contests one with a letter.
$ standing tick --today 2026-05-04
$ standing score card-2 --context rail
> letter.txt I was in hospital on that day.
$ standing contest file card-2 --context rail --key keys/neighbour.key --target record --named r_1 --words "I was in hospital." --file letter.txt
# The operator keeps copies, of the ledger in one place and of its keys in another.
$ standing backup --to copy --keys-to copy-of-keys
# Then the neighbour wants to be forgotten, everywhere and at once.
$ standing erase --key keys/neighbour.key --all
$ standing score card-2 --context rail
$ standing case show c_1
# Whoever asks is answered as if nobody had ever been there, and the log still verifies.
$ standing decide --key keys/rail-sales.key --purpose high-speed-sale --transaction booking-1 --reference card-2
$ standing tick --today 2026-05-05
$ standing verify ledger
# The copy from before the erasure brings nothing back.
$ standing restore --from copy --keys-from copy-of-keys --ledger restored
$ standing score card-2 --context rail --ledger restored
$ standing verify restored
