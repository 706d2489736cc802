mkdir ../elsewhere
cp src/Twin.lean ../elsewhere
