"""Stable codes for everything that stops a green verdict, and what each means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Code(StrEnum):
    """Why not accepted; LB1 build, LB2 declarations, LB3 graphs, LB4 kernels, LB5 policy, LB9 none."""

    BUILD_FAILED = "LB101"
    KERNEL_SKIPPED = "LB102"
    SOURCE_NOT_ACCOUNTED = "LB103"
    SOURCE_OUTSIDE = "LB104"

    STATEMENT_DRIFT = "LB201"
    MISSING = "LB202"
    OTHER_KIND = "LB203"
    AXIOM = "LB204"
    SORRY = "LB205"
    COMPILED_CODE = "LB206"
    UNSAFE = "LB207"
    SUBSTITUTED = "LB208"
    NOT_PINNED = "LB209"
    BODY_HIDDEN = "LB210"
    DEFINITION_DRIFT = "LB211"
    DEFINED_TWICE = "LB212"
    KERNEL_NAME = "LB213"
    STATEMENT_TEXT = "LB214"
    NOT_WITNESSED = "LB215"

    NOT_THE_DECLARED_GRAPH = "LB301"
    ILL_FORMED_GRAPH = "LB302"
    FIELD_DISAGREES = "LB303"
    NUMBERS_DISAGREE = "LB304"
    OUTSIDE_HYPOTHESIS = "LB305"
    BLIND_CHECK = "LB306"
    OWN_VOCABULARY = "LB307"
    NO_STANDING = "LB308"
    BY_NAME = "LB309"

    KERNEL_REFUSES = "LB401"
    NOT_CONFIRMED = "LB402"
    KERNEL_GAVE_UP = "LB403"
    NOT_REACHED = "LB404"

    POLICY = "LB501"

    NO_TOOLCHAIN = "LB901"
    NO_PROJECT = "LB902"
    NOT_CATALOGUED = "LB903"
    UNREADABLE = "LB904"
    UNSUPPORTED = "LB905"
    BINDING = "LB906"
    ARRAY = "LB907"
    NOTHING_CHECKED = "LB908"
    NO_ANSWER = "LB909"
    NUMERICS = "LB910"
    LEAN_CANNOT = "LB911"
    NOT_ISOLATED = "LB912"
    NOT_AUTHENTIC = "LB913"
    STALE = "LB914"
    NO_POLICY = "LB915"
    OUT_OF_TIME = "LB916"
    BUNDLE = "LB917"
    OUR_FAULT = "LB999"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a code tells a reader who meets it for the first time."""

    title: str
    meaning: str
    """What was found."""
    why: str
    """What could go wrong if it were let pass."""
    mend: str
    """What to do about it."""


EXPLANATIONS: Final[Mapping[Code, Explanation]] = MappingProxyType(
    {
        Code.BUILD_FAILED: Explanation(
            "Lean refuses a source file",
            "Lean reported an error, so the file was not compiled, nor anything that imports it.",
            "What does not compile proves nothing; an older compiled file may say otherwise and is not used.",
            "Run `lean-bridge build` for Lean's messages, and mend the file that each names.",
        ),
        Code.KERNEL_SKIPPED: Explanation(
            "Lean is told not to check",
            "A source file or the lakefile names the option `debug.skipKernelTC`, under which Lean adds "
            "declarations that its kernel never saw.",
            "Any term passes for a proof then, and the compiled file does not show it.",
            "Remove the option, and every mention of it, comments included.",
        ),
        Code.SOURCE_NOT_ACCOUNTED: Explanation(
            "a compiled module does not account for its source",
            "A declaration or an import stands in the source, and the module that Lean left has nothing of "
            "it: elaboration ended early, or another file was put in its place. Or what the source declares "
            "cannot be told: `#exit` is named, or its text alone does not tell.",
            "What is read further down in the source then looks proved, and was never looked at.",
            "Look at the line that is named, and above it for code that runs while the file is elaborated.",
        ),
        Code.SOURCE_OUTSIDE: Explanation(
            "a source lies outside the project's root",
            "The lakefile leads out of the directory in which it stands, or a source file or directory is a "
            "symbolic link.",
            "What is judged would not be what was checked out and reviewed, and could change unseen.",
            "Put the sources below the lakefile, as files of their own.",
        ),
        Code.STATEMENT_DRIFT: Explanation(
            "a statement is not the one that was pinned",
            "The elaborated type of a theorem, or the body of a graph, differs from the library's manifest: "
            "a hypothesis more, another constant, notation or instance. Bound names do not count.",
            "A weaker theorem under the same name is still proved, and no longer says what people rely on.",
            "Compare the old and the new text. If the change is meant, run `lean-bridge pin` and have the "
            "manifest reviewed.",
        ),
        Code.MISSING: Explanation(
            "a catalogued declaration is not there",
            "No compiled module defines a constant of exactly this name.",
            "A theorem in a comment, in another namespace or under a similar name was never checked.",
            "Restore the declaration, or correct its full name in the catalogue.",
        ),
        Code.OTHER_KIND: Explanation(
            "a declaration is of another kind",
            "The catalogue names a theorem, a definition or an inductive type, and the source declares "
            "something else under the name: an axiom, an opaque constant.",
            "An axiom is no theorem, and an opaque constant has no body from which to read a graph.",
            "Declare it as the kind that the catalogue names.",
        ),
        Code.AXIOM: Explanation(
            "a proof rests on an axiom that is not allowed",
            "Among all constants that the proof reaches is an axiom other than propext, Quot.sound and "
            "Classical.choice as Lean itself declares them, or one that the manifest does not have.",
            "From a false axiom everything follows.",
            "Follow the chain that is shown to the axiom, and prove it.",
        ),
        Code.SORRY: Explanation(
            "a proof rests on sorry",
            "The proof, or one of the lemmas or instances below it, is not finished.",
            "Lean only warns, and only in the file where `sorry` stands, not where it is inherited.",
            "Follow the chain that is shown to the unfinished proof, and finish it.",
        ),
        Code.COMPILED_CODE: Explanation(
            "a proof rests on compiled code",
            "The proof uses native_decide or another way of running compiled code as evidence.",
            "The compiler, and every piece of code that stands in for a definition, would have to be trusted "
            "beside the kernel.",
            "Use `decide`, `rfl` or a proof.",
        ),
        Code.UNSAFE: Explanation(
            "something unsafe or partial underneath",
            "The declaration is, or rests on, an unsafe or partial definition.",
            "The kernel does not hold unsafe definitions to the logic, and of a partial one only its type is "
            "known.",
            "Make the definition total, by structural or well-founded recursion. What Lean derives is "
            "partial for nested and mutual types (Repr, BEq), and Ord for any recursive one: write such an "
            "instance out.",
        ),
        Code.SUBSTITUTED: Explanation(
            "compiled code is not the definition",
            "A definition that is relied on carries implemented_by or extern, or a csimp lemma replaces it.",
            "What runs is then another function than the one the theorem is about.",
            "Remove the attribute, or keep the fast version as a definition of its own.",
        ),
        Code.NOT_PINNED: Explanation(
            "a declaration is not pinned",
            "The library's manifest of pinned statements, certified.toml, lacks it, or there is "
            "no manifest at all.",
            "Without a pin nobody notices when its statement changes; taking the manifest away must not be "
            "a way through.",
            "Read the statement, run `lean-bridge pin`, and have the manifest reviewed; `verify --unpinned` "
            "lets it pass, and says so. Without a catalogue nothing can be pinned: let a gate pass it by "
            "`unpinned = true` in its policy, or have `lean-bridge init` propose a catalogue.",
        ),
        Code.BODY_HIDDEN: Explanation(
            "a body is not in the compiled files",
            "The compiled module has the declaration's type but not its proof or value; the files in which "
            "Lean keeps these are not beside it.",
            "What a hidden proof rests on cannot be seen.",
            "Build the library again, so that all parts of each module are there.",
        ),
        Code.DEFINITION_DRIFT: Explanation(
            "a definition underneath a statement has changed",
            "The statement reads as pinned, but a constant below it, which is named, means something else.",
            "The theorem is then about another thing under the old name.",
            "Look at the definition that is named. If the change is meant, run `lean-bridge pin` and have "
            "the manifest reviewed.",
        ),
        Code.DEFINED_TWICE: Explanation(
            "two modules define one name",
            "Two modules declare one name, or a module declares one of Lean's own library; only a theorem of "
            "the same statement may have several proofs. No file could import both.",
            "Which of the two is meant would depend on which one is read, and what is known of the one would "
            "be believed of the other.",
            "Rename one of them, or let one module import the other.",
        ),
        Code.KERNEL_NAME: Explanation(
            "a name that the kernels know is declared anew",
            "A module outside Lean's own library declares a constant under a name to which a kernel gives a "
            "meaning of its own: literals, arithmetic, quotients, equality.",
            "The kernel computes with what it takes the name for, not with what was declared, and proves "
            "anything by the difference.",
            "Rename the declaration, or import Lean's own.",
        ),
        Code.STATEMENT_TEXT: Explanation(
            "the manifest's text is not what the declaration says",
            "The pinned hash is the declaration's, but the text beside it in the manifest, or that of a "
            "definition underneath, is not how it reads now.",
            "Reviewers read the text, not the hash: over the right hash a friendlier text would have them "
            "agree to something else.",
            "Compare the texts. If only bound names or the way of writing changed, run `lean-bridge pin`.",
        ),
        Code.NOT_WITNESSED: Explanation(
            "nobody has met a theorem's hypotheses",
            "A theorem takes classes, hypotheses or values, and nothing was found that meets all of them at "
            "once: the one that is named, or the class, may have no instance.",
            "Of what does not exist everything holds, wrong rules included. That nothing was found does not "
            "say that there is nothing, so this is no verdict.",
            "Name declarations that meet it, as `model` in the catalogue, or say there which hypothesis is "
            'open, and why: `open = { h = "why" }`. Without a catalogue nobody is asked: require none there.',
        ),
        Code.NOT_THE_DECLARED_GRAPH: Explanation(
            "Lean does not agree that this is the declared graph",
            "The extracted graph was written back as Lean, and `declared = extracted` does not hold by rfl.",
            "The theorem would be about another graph than the one that is shown and run.",
            "This is a fault of the extraction: report it with the declaration and Lean's message.",
        ),
        Code.ILL_FORMED_GRAPH: Explanation(
            "the graph is ill-formed",
            "An operand, an arity, a name or a shape does not fit the graph, or its op's own rule.",
            "It denotes no function, or not the one that its shapes were certified for.",
            "Correct the declaration at the node that is named.",
        ),
        Code.FIELD_DISAGREES: Explanation(
            "the executor and Lean compute different numbers",
            "Over a finite field, where nothing is rounded, Lean's kernel refuses a value, tangent or "
            "cotangent that the executor computed for the same graph.",
            "A rule of the executor, or an op's name, does not mean what Lean's node does.",
            "Compare the rule of the op that is named with its Lean node.",
        ),
        Code.NUMBERS_DISAGREE: Explanation(
            "the numbers disagree with an independent source",
            "A comparison in floating point exceeds what rounding can account for.",
            "A wrong derivative trains towards something, only not what was meant.",
            "Look at the check and the deviation that are shown; suspect the rule of the op last changed.",
        ),
        Code.OUTSIDE_HYPOTHESIS: Explanation(
            "the numbers were asked where the theorem does not hold",
            "At the point of the comparison an operand lies outside the domain on which the op is "
            "differentiable, such as a square root at 0.",
            "There is nothing to agree with there: agreement would be chance, and so would disagreement.",
            "Keep the operand inside its domain, for example by a positive ε before the op.",
        ),
        Code.BLIND_CHECK: Explanation(
            "a comparison could not have failed",
            "What a comparison allows is wider than any error that is known to come from rounding alone.",
            "A wrong derivative would pass too: a check that cannot fail shows nothing.",
            "Narrow the tolerance to what rounding explains, or compare at smaller sizes.",
        ),
        Code.OWN_VOCABULARY: Explanation(
            "not the tool's vocabulary",
            "The library defines something of its own under a name that this tool gives a meaning to, such "
            "as Graph, fderiv, GF or the name of an op; or evidence rests on such a definition.",
            "A theorem about another `fderiv`, or numbers over another field, would be taken for what these "
            "words mean everywhere else.",
            "Use the tool's own definitions, or give the others names of their own.",
        ),
        Code.NO_STANDING: Explanation(
            "a graph has no standing",
            "The declaration from which the graph was read is not accepted: what it rests on is not all "
            "proved, or it is not as pinned. The message says which, with the code of the reason.",
            "What runs would look like a certified graph, and no theorem holds of it.",
            "Mend the declaration, or pin it; `allow_uncertified=True` or `--allow-uncertified` goes on, and "
            "calls everything uncertified.",
        ),
        Code.BY_NAME: Explanation(
            "what is said is recognised by name",
            "The library has upstream's words, `Graph`, `DGraph` and the heads of nodes, as its own: their "
            "names and types are those that the tool knows, and nobody looked at what they mean.",
            "Another definition under the same name and type would be taken for the same op, so that the "
            "numbers would be of another graph than the theorem.",
            "Read the definitions of the heads that the graph has, and pin them: what changes afterwards is "
            "seen. `--allow-uncertified` shows and runs the graph, and says so. Such a row is never green.",
        ),
        Code.KERNEL_REFUSES: Explanation(
            "a second kernel refuses the declaration",
            "An independent build of Lean's kernel, given the compiled declaration, does not accept it or "
            "something below it.",
            "The first kernel was passed by, has a fault, or the compiled file was edited.",
            "Read the second kernel's message; build again from clean sources, and compare.",
        ),
        Code.NOT_CONFIRMED: Explanation(
            "no second kernel has confirmed the declaration",
            "Confirmation was required, and the second kernel is absent or gave no answer.",
            "The kernel that built the library has known faults and would stand alone.",
            "Install the extra `lean-bridge[kernel]`, or do not require confirmation.",
        ),
        Code.KERNEL_GAVE_UP: Explanation(
            "a second kernel gave up",
            "While it checked the declaration, the second kernel came to a limit of time, memory or depth, "
            "or its process ended.",
            "What was not checked to the end may be false, and a proof can be made slow on purpose.",
            "Make the proof easier to check, or give more time by `lean-bridge replay --time-limit`.",
        ),
        Code.NOT_REACHED: Explanation(
            "a second kernel did not get to the declaration",
            "Something that the declaration rests on was not accepted by the second kernel, or its process "
            "ended before.",
            "A proof is worth no more than what it rests on.",
            "Mend what is named underneath; `lean-bridge replay` shows every declaration.",
        ),
        Code.POLICY: Explanation(
            "the gate's policy is not met",
            "The policy requires something beyond acceptance, a link of the chain, a group or a declaration, "
            "and it is not there for the rows that are named.",
            "What a gate lets pass is taken to be all that its policy says.",
            "Bring what is named about, or change the policy where it is reviewed; "
            "`lean-bridge gate --print-policy` shows where each value is from.",
        ),
        Code.NO_TOOLCHAIN: Explanation(
            "there is no Lean to run",
            "No Lean of the version that the library asks for is installed, or it could not be fetched.",
            "Without Lean nothing is checked.",
            "Run `lean-bridge doctor`, which says what is missing and how to get it.",
        ),
        Code.NO_PROJECT: Explanation(
            "there is no Lean library here",
            "A directory with a lakefile, a toolchain, a catalogue and sources was expected, or one of these "
            "cannot be read or followed.",
            "Without a catalogue nothing is known of what should hold, and a library that is half read is "
            "another library.",
            "Name the library with --project, mend the file that is named, or give --shipped for the library "
            "that came with this package.",
        ),
        Code.NOT_CATALOGUED: Explanation(
            "the catalogue has no such name",
            "A name that was asked for is the end of no catalogue entry, or of several; or, in a library "
            "without a catalogue, of nothing that its modules declare.",
            "Judging nothing must not look like success.",
            "Use one of the names that `lean-bridge list` prints; without a catalogue, one that `lean-bridge "
            "status` shows after `lean-bridge verify`.",
        ),
        Code.UNREADABLE: Explanation(
            "a compiled file cannot be read",
            "A compiled module is damaged, of an unknown format, or from another build than its neighbours.",
            "Guessing at the rest of a damaged file could turn anything into a proof.",
            "Build again; if it stays so, report the file and the byte that is named.",
        ),
        Code.UNSUPPORTED: Explanation(
            "understood, but not supported",
            "A graph uses an op that the executor lacks, takes a proof or a class of the library's own, or "
            "does not evaluate to a list of nodes.",
            "Running something similar instead would answer another question, and what is assumed of a graph "
            "may hold of no array.",
            "Use the ops of the primitive table, or add the op on both sides; leave assumptions to theorems.",
        ),
        Code.BINDING: Explanation(
            "dimensions or arguments do not fit",
            "A dimension or argument of the graph is missing, unknown, of the wrong size, or outside the "
            "theorem's hypothesis.",
            "The certified shapes hold only at the dimensions that they were given for.",
            "Give every argument that the message lists, within its range.",
        ),
        Code.ARRAY: Explanation(
            "an array does not fit its entry",
            "An input, tangent or seed has another shape or dtype than its entry, or is missing.",
            "Broadcasting it into place would compute something that no theorem is about.",
            "Give an array of the shape that is named.",
        ),
        Code.NOTHING_CHECKED: Explanation(
            "nothing was checked",
            "No declaration, no module, or no comparison was looked at.",
            "Success without a check is the false green that this tool exists to prevent.",
            "See that the catalogue has entries (without one, that the modules declare something), and that "
            "the checks they need can run.",
        ),
        Code.NO_ANSWER: Explanation(
            "Lean gave no answer",
            "The Lean process died or passed its time limit, twice, or could not be given its work.",
            "A file without an answer is neither proved nor refused.",
            "Simplify the file that is named, give it more time, or free memory.",
        ),
        Code.NUMERICS: Explanation(
            "what was computed is no real number",
            "A number that was given or computed is infinite or NaN, or a derivative was asked for where a "
            "node does not meet its theorem's hypothesis.",
            "The theorems are about real numbers that meet their hypotheses, and about nothing else.",
            "Look at the entry that is named, where it began; smaller numbers, float64 or a larger ε may do.",
        ),
        Code.LEAN_CANNOT: Explanation(
            "not supported by this Lean",
            "The sources use what the Lean that is embedded here cannot do, such as notation of another "
            "file, or they import a package that is not here, such as Mathlib.",
            "Lean's messages then speak of this Lean's limits: they neither prove nor refute anything.",
            "Follow the mend that is named; docs/limits.md has them all. Or install the Lean that "
            "lean-toolchain names with elan: it is used instead.",
        ),
        Code.NOT_ISOLATED: Explanation(
            "the build is not isolated",
            "Isolation was required, and nothing on this machine confines what a build runs: neither "
            "Landlock with a filter of system calls, nor bwrap.",
            "Code that the sources bring can then read and change every file of the user, this tool "
            "included.",
            "Use Linux 5.13 or newer with Landlock in force, or install bubblewrap.",
        ),
        Code.NOT_AUTHENTIC: Explanation(
            "a file is not what it should be",
            "A compiled file, a file of the toolchain or a remembered answer has another digest than was "
            "recorded, or than this package carries for it.",
            "A changed library of Lean's makes false statements true, and a changed answer hides them.",
            "Find out what changed it; then build again, or run `lean-bridge toolchain install`.",
        ),
        Code.STALE: Explanation(
            "the last judgement is about something else",
            "A source, the catalogue, the manifest, the lakefile, the Lean or this program is not as it was "
            "when the library was last judged, and the row rests on it.",
            "What was proved then may not be what stands there now.",
            "Run `lean-bridge verify`: what has not changed costs nothing.",
        ),
        Code.NO_POLICY: Explanation(
            "the gate's policy cannot be read",
            "A policy names a key, link, axiom or path that there is not, or two files in one directory both "
            "hold one.",
            "A requirement that is misspelt would be required of nobody.",
            "Correct the line that is named; `lean-bridge gate --print-policy` shows what is in force.",
        ),
        Code.OUT_OF_TIME: Explanation(
            "the time budget is exceeded",
            "The run took longer than the budget of the gate's policy, which stops what is not done.",
            "What was not judged to the end is not judged.",
            "Give a larger budget, keep the cache between runs, or find what has become slow in the times "
            "that `lean-bridge verify` shows.",
        ),
        Code.BUNDLE: Explanation(
            "a bundle is not whole",
            "A file of `lean-bridge certify --bundle` is cut short, was changed after it was made, or is no "
            "such file.",
            "What it says of a graph was said of another one, or by somebody else.",
            "Get it again from where it was made, or certify the function again.",
        ),
        Code.OUR_FAULT: Explanation(
            "a fault of lean-bridge itself",
            "Something happened that the program does not foresee.",
            "After an unforeseen state no result can be relied on, so there is none.",
            "Report it with the traceback that was printed.",
        ),
    }
)
