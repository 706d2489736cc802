module

public import Init

@[expose] public section

namespace Twin

theorem claim : (fun (_ : Empty) => 0) = (fun _ => 1) := funext nofun

end Twin
