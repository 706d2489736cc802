mv src ../elsewhere
ln -s ../elsewhere/Twin.lean .
