using System.Globalization;
using System.Text;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>The last things that happened to a member, kept as they are and written out only where a simulation failed.</summary>
internal sealed class TraceRing(int kept)
{
    private readonly Queue<(long Time, TimeSpan Clock, object What, MemberOutput[] Outputs)> _entries = new();

    /// <summary>Keeps an input and what came of it.</summary>
    public void Add(long time, TimeSpan clock, MemberInput input, List<MemberOutput> outputs)
    {
        if (input is MemberInput.Tick && outputs.Count == 0)
            return;
        _entries.Enqueue((time, clock, input, outputs.Count == 0 ? [] : outputs.ToArray()));
        if (_entries.Count > kept)
            _entries.Dequeue();
    }

    /// <summary>Keeps a remark.</summary>
    public void Note(long time, string text)
    {
        _entries.Enqueue((time, default, text, []));
        if (_entries.Count > kept)
            _entries.Dequeue();
    }

    /// <summary>Writes all out.</summary>
    public void WriteTo(StringBuilder text)
    {
        foreach ((long time, TimeSpan clock, object what, MemberOutput[] outputs) in _entries)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {time / (double)Schedule.Millisecond,10:0.000} ms  ");
            if (what is MemberInput input)
            {
                text.Append(CultureInfo.InvariantCulture, $"(own {clock.TotalSeconds:0.0000} s)  {TraceText.Of(input)}");
                foreach (MemberOutput output in outputs)
                    text.Append("\n                    → ").Append(TraceText.Of(output));
            }
            else
            {
                text.Append(what);
            }
            text.Append('\n');
        }
    }
}
