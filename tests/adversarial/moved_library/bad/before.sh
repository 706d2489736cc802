mkdir .git
mv lean proofs
