mkfifo Twin/Lemma.lean
