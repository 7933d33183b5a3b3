using System.Diagnostics;
using System.Runtime.CompilerServices;
using Seguro.Nouns;

namespace Seguro.Nock;

/// <summary>Where a machine spends its time: the stack of the named gates that are being computed by their formulas, looked at every millisecond.</summary>
/// <remarks>
/// With a profile, calls of named gates are no longer made in tail position, so that it is known when they end. What has no name, and the time that jets
/// take, count as part of the gate that called. Belongs to one machine; read it while the machine rests.
/// </remarks>
public sealed class NockProfile
{
    private const int DeepestLook = 20_000;
    private readonly Dictionary<string, NockProfileLine> _lines = [];
    private readonly ConditionalWeakTable<Arm, NockProfileLine> _known = [];
    private readonly List<(NockProfileLine Line, int Depth)> _open = [];
    private readonly HashSet<NockProfileLine> _seen = [];
    private long _lastLook = Stopwatch.GetTimestamp();

    /// <summary>The named arms that were called. Calls that jets answered do not count.</summary>
    public IEnumerable<NockProfileLine> Lines => _lines.Values;

    /// <summary>A call begins. The machine's depth is that of the caller.</summary>
    internal void Enter(NockMachine machine, Arm arm, Battery battery, ulong axis)
    {
        long elapsed = Stopwatch.GetTimestamp() - _lastLook;
        if (elapsed > Stopwatch.Frequency / 1000)
            Look(elapsed);
        if (battery.Names.Count == 0)
            return;
        if (!_known.TryGetValue(arm, out NockProfileLine? line))
        {
            string label = battery.Names[0].Label + (axis == 2 ? "" : $" +{axis}");
            if (!_lines.TryGetValue(label, out line))
                _lines[label] = line = new NockProfileLine(label);
            _known.AddOrUpdate(arm, line);
        }
        line.Calls++;
        Close(machine.Depth);
        machine.Push(Leave.Instance, Atom.Zero, null);
        _open.Add((line, machine.Depth));
    }

    // What crashed or blocked did not return.
    private void Close(int depth)
    {
        while (_open.Count > 0 && _open[^1].Depth > depth)
            _open.RemoveAt(_open.Count - 1);
    }

    private void Look(long elapsed)
    {
        _lastLook += elapsed;
        _seen.Clear();
        for (int i = _open.Count - 1; i >= Math.Max(0, _open.Count - DeepestLook); i--)
        {
            NockProfileLine line = _open[i].Line;
            if (_seen.Count == 0)
                line.Own += Stopwatch.GetElapsedTime(0, elapsed);
            if (_seen.Add(line))
                line.Whole += Stopwatch.GetElapsedTime(0, elapsed);
        }
    }

    private sealed class Leave : Resumption
    {
        public static readonly Leave Instance = new();

        public override Node? Resume(NockMachine machine, Frame frame, ref Noun register)
        {
            machine.Options.Profile!.Close(machine.Depth);
            return null;
        }
    }
}
