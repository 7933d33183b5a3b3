using Seguro.Nouns;

namespace Seguro.Nock;

/// <content>Virtual machines within the machine, and what they may ask of the one outside.</content>
public sealed partial class NockMachine
{
    /// <summary>Computes a formula as a virtual machine: a tone, <c>[0 product]</c>, <c>[1 path]</c> or <c>[2 trace]</c>.</summary>
    internal Noun Virtual(Noun subject, Noun formula, Noun scry)
    {
        int depth = _depth;
        Noun trace = Trace;
        int nesting = Nesting;
        Handler? outer = _handler;
        int level = (outer?.Level ?? 0) + 1;
        try
        {
            Trace = Atom.Zero;
            _handler = new Handler(scry, outer, level);
            return new Cell(Atom.Zero, Evaluate(Code.NodeOf(formula), subject));
        }
        catch (NockCrash crash) when (crash.Mote == "exit" && level <= crash.CaughtUpTo)
        {
            Noun inner = crash.Trace(Trace);
            Unwind(depth);
            // Some may have been computed on the assumption that something else goes well.
            Kept.Clear();
            return new Cell(Atom.Of(2), inner);
        }
        catch (NockBlock block) when (_handler?.Level == level)
        {
            Unwind(depth);
            return new Cell(Atom.One, block.Path);
        }
        finally
        {
            Nesting = nesting;
            Trace = trace;
            _handler = outer;
        }
    }

    /// <summary>Opcode 12.</summary>
    internal Noun Ask(Noun reference, Noun path)
    {
        Handler handler = _handler ?? throw new NockCrash();
        if (!CanNest())
            throw new NockCrash("fail");
        Noun answer;
        Noun trace = Trace;
        _handler = handler.Outer;
        try
        {
            answer = SlamNested(handler.Scry, new Cell(reference, path));
        }
        catch (NockCrash crash)
        {
            crash.CaughtUpTo = Math.Min(crash.CaughtUpTo, handler.Level - 1);
            throw;
        }
        finally
        {
            _handler = handler;
        }
        Trace = trace;
        if (answer is not Cell outer)
            throw new NockBlock(path);
        if (outer.TailField is not Cell inner)
        {
            Trace = new Cell(Cell.Of("hunk", reference, path), Trace);
            throw new NockCrash();
        }
        return inner.TailField;
    }

    private sealed record Handler(Noun Scry, Handler? Outer, int Level);
}
