mv src ../elsewhere
cp ../elsewhere/Twin.lean .
