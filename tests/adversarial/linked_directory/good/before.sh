cp -r part Twin/Part
