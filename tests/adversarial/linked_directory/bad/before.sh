ln -s ../part Twin/Part
