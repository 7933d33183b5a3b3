using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>Makes nodes of formulas (opcodes: vere-facts.md §4.1).</summary>
/// <remarks>
/// No more than so many levels and nodes at a time; what lies beyond is compiled when it is reached. So a formula of any size and depth,
/// also one that is small only by its sharing, takes bounded time and stack.
/// </remarks>
ref struct FormulaCompiler(NockCode code)
{
    private const int MaxDepth = 100;
    private const int MaxNodes = 4000;
    private static readonly Atom SampleAxis = Atom.Of(6);
    private static readonly Noun WholeSubject = Cell.Of(0, 2);

    private int _nodes;

    public static Node Compile(NockCode code, Cell formula) => new FormulaCompiler(code).Of(formula, 0);

    private Node Of(Noun noun, int depth)
    {
        if (noun is not Cell formula)
            return new CrashNode();
        if (depth > MaxDepth || ++_nodes > MaxNodes)
            return new LazyNode(formula);
        depth++;
        if (formula.HeadField is not Atom opcode)
            return new ConsNode(Of(formula.HeadField, depth), Of(formula.TailField, depth));
        if (!opcode.IsSmall)
            return new CrashNode();
        Noun rest = formula.TailField;
        if (opcode.Low == 0)
            return rest is Atom axis ? Slot(axis) : new CrashNode();
        if (opcode.Low == 1)
            return new ConstantNode(rest);
        if (opcode.Low is 3 or 4)
            return new UnaryNode(Of(rest, depth), opcode.Low == 4);
        if (rest is not Cell { HeadField: Noun one, TailField: Noun two })
            return new CrashNode();
        switch (opcode.Low)
        {
            case 2:
                return new EvaluateNode(Of(one, depth), Of(two, depth));
            case 5:
                return new SameNode(Of(one, depth), Of(two, depth));
            case 6:
                return two is Cell branches ? new IfNode(Of(one, depth), Of(branches.HeadField, depth), Of(branches.TailField, depth)) : new CrashNode();
            case 7:
                return new ThenNode(Of(one, depth), Of(two, depth), keep: false);
            case 8:
                return (Node?)Slam(one, two, depth) ?? new ThenNode(Of(one, depth), Of(two, depth), keep: true);
            case 9:
                return one is Atom arm ? Call(arm, two, depth) : new CrashNode();
            case 10:
                return one is Cell { HeadField: Atom place } edit && place.BitLength > 0
                    ? new EditNode(place, Of(two, depth), Of(edit.TailField, depth))
                    : new CrashNode();
            case 11:
                return Hint(formula, one, two, depth);
            case 12:
                return new ScryNode(Of(one, depth), Of(two, depth));
            default:
                return new CrashNode();
        }
    }

    private static Node Slot(Atom axis) => axis.BitLength switch
    {
        0 => new CrashNode(),
        <= 63 => new SlotNode(axis.Low),
        _ => new DeepSlotNode(axis),
    };

    private Node Call(Atom axis, Noun core, int depth)
    {
        if (axis.BitLength is > 0 and <= 63)
            return new CallNode(axis.Low, Of(core, depth));
        // 9 is defined by these: [9 b c] = [7 c 2 [0 1] 0 b].
        return new ThenNode(Of(core, depth), new EvaluateNode(new SlotNode(1), Slot(axis)), keep: false);
    }

    // [8 gate 9 2 10 [6 sample] 0 2]
    private SlamNode? Slam(Noun gate, Noun then, int depth)
    {
        if (then is not Cell { HeadField: Atom { Words: null, Low: 9 }, TailField: Cell { HeadField: Atom { Words: null, Low: 2 }, TailField: Cell edit } }
            || edit is not { HeadField: Atom { Words: null, Low: 10 }, TailField: Cell { HeadField: Cell part, TailField: Noun target } }
            || part.HeadField is not Atom place || !place.Same(SampleAxis) || target != WholeSubject)
        {
            return null;
        }
        int budget = 64;
        return Lowered(part.TailField, ref budget) is Noun sample
            ? new SlamNode(Of(gate, depth), Of(sample, depth), sampleSeesGate: false)
            : new SlamNode(Of(gate, depth), Of(part.TailField, depth), sampleSeesGate: true);
    }

    // A formula of [gate subject] that looks only at the subject, as one of the subject; null where it can't easily be said.
    private static Noun? Lowered(Noun formula, ref int budget)
    {
        if (--budget < 0 || formula is not Cell { HeadField: Noun head, TailField: Noun rest })
            return null;
        if (head is Cell)
            return Lowered(head, ref budget) is Noun left && Lowered(rest, ref budget) is Noun right ? new Cell(left, right) : null;
        if (head is not Atom { Words: null, Low: ulong opcode })
            return null;
        switch (opcode)
        {
            case 0 when rest is Atom { Words: null, Low: > 1 } axis:
                int last = 62 - System.Numerics.BitOperations.LeadingZeroCount(axis.Low);
                bool inSubject = ((axis.Low >> last) & 1) != 0;
                // Without the step to the tail: the bit below the highest goes.
                return inSubject ? Cell.Of(0, (axis.Low & ((1UL << last) - 1)) | (1UL << last)) : null;
            case 1:
                return formula;
            case 7 when rest is Cell { HeadField: Cell { HeadField: Atom { Words: null, Low: 0 }, TailField: Atom { Words: null, Low: 3 } } } seven:
                return seven.TailField;
            default:
                return null;
        }
    }

    private Node Hint(Cell formula, Noun hint, Noun body, int depth)
    {
        if (hint is Atom)
            return Of(body, depth);
        Cell dynamic = (Cell)hint;
        if (dynamic.HeadField is not Atom tag)
            return new CrashNode();
        Node clue = Of(dynamic.TailField, depth);
        Node then = Of(body, depth);
        switch (tag.ByteLength <= 8 ? Cord.Text(tag) : "")
        {
            case "fast" when clue is ConstantNode name:
                return new FastNode(name, then, code);
            case "memo":
                return new MemoNode(formula, clue, then);
            case "slog":
                return new SlogNode(clue, then);
            case "mean" or "spot" or "hunk" or "lose" or "hand":
                return clue is ConstantNode known && then.IsSimple ? new SimpleTraceNode(tag, known, then) : new TraceNode(tag, clue, then);
            default:
                return clue is ConstantNode ? then : new IgnoredHintNode(clue, then);
        }
    }
}
