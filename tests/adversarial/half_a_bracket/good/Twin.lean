module

public section

theorem Twin.claim : 2 + 2 = 4 := rfl

syntax (name := halfOpen) "(" term:max " ¿" ")" : term

macro "quoted!" : command => `(theorem Twin.quoted : 2 + 2 = 4 := rfl)
