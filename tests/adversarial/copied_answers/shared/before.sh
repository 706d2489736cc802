"$PYTHON" -m lean_bridge verify --project . --workers 1 --unpinned > /dev/null
mv Changed.txt Twin.lean
"$PYTHON" copy_answers.py
