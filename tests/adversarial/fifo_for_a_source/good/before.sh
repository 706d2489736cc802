mkfifo Twin/Lemma.txt
