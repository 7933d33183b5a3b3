using System.Diagnostics;
using System.Text;

namespace Seguro.Vere.Rehearsal;

/// <summary>What a program prints, as far as it matters: the end of it, and whether a line was printed that is waited for. Of a line, its first 4 KiB.</summary>
/// <remarks>For any number of streams at a time.</remarks>
internal sealed class RehearsalPrints(Func<string, bool>? isDone)
{
    private const int TailBytes = 4096;

    private readonly Lock _gate = new();
    private readonly StringBuilder _text = new();
    private long _last = Stopwatch.GetTimestamp();
    private volatile bool _isDone;

    public bool IsDone => _isDone;

    public TimeSpan SilentFor => Stopwatch.GetElapsedTime(Volatile.Read(ref _last));

    public string Tail
    {
        get
        {
            lock (_gate)
                return _text.ToString();
        }
    }

    public async Task TakeAsync(Stream from)
    {
        using StreamReader text = new(from, Encoding.UTF8);
        char[] buffer = new char[TailBytes];
        StringBuilder line = new();
        for (int read; (read = await text.ReadAsync(buffer.AsMemory())) > 0;)
        {
            Volatile.Write(ref _last, Stopwatch.GetTimestamp());
            foreach (char next in buffer.AsSpan(0, read))
            {
                if (next == '\n')
                    Take(line);
                else if (line.Length < TailBytes) // the rest of a line that does not end is passed over
                    line.Append(next);
            }
        }
        if (line.Length > 0)
            Take(line);
    }

    private void Take(StringBuilder line)
    {
        string whole = line.ToString();
        line.Clear();
        _isDone |= isDone?.Invoke(whole) is true;
        lock (_gate)
        {
            _text.Append(whole).Append('\n');
            if (_text.Length > TailBytes)
                _text.Remove(0, _text.Length - TailBytes);
        }
    }
}
