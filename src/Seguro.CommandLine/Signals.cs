using System.Globalization;
using System.Runtime.InteropServices;

namespace Seguro.CommandLine;

/// <summary>
/// What the process does on signals besides SIGINT and SIGTERM, which the command line library takes: a terminal that goes away (SIGHUP) ends it as
/// cleanly; SIGUSR1 and SIGUSR2 do nothing.
/// </summary>
sealed class Signals : IDisposable
{
    private const int User1 = 10, User2 = 12; // Linux; PosixSignal names neither
    private readonly CancellationTokenSource _end = new();
    private readonly List<PosixSignalRegistration> _heard = [];

    public Signals()
    {
        foreach (int ignored in (int[])[User1, User2])
            _heard.Add(PosixSignalRegistration.Create((PosixSignal)ignored, static signal => signal.Cancel = true));
        if (IsHangUpIgnored())
            return;
        _heard.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            _end.Cancel();
        }));
    }

    /// <summary>Cancelled by SIGHUP.</summary>
    public CancellationToken End => _end.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration heard in _heard)
            heard.Dispose();
        _end.Dispose();
    }

    /// <summary>Who started it wants it to outlive the terminal (nohup).</summary>
    private static bool IsHangUpIgnored()
    {
        const string Field = "SigIgn:";
        string? line = File.Exists("/proc/self/status") ? File.ReadLines("/proc/self/status").FirstOrDefault(static line => line.StartsWith(Field, StringComparison.Ordinal)) : null;
        return line is not null && (ulong.Parse(line.AsSpan(Field.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 1) != 0;
    }
}
