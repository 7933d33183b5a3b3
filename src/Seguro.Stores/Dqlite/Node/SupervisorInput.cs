using Seguro.Identity;

namespace Seguro.Stores.Dqlite;

/// <summary>What a node's supervisor says on the process's standard input: who is let in, a line each. When it ends, the supervisor did, and the process ends with it.</summary>
/// <remarks>Not PR_SET_PDEATHSIG: that one fires when the supervisor's *thread* that started this process ends, and pool threads do.</remarks>
sealed class SupervisorInput
{
    private const int LongestLine = 64 << 10;

    private readonly TaskCompletionSource<AccessRecord> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private AccessRecord? _last;
    private Action<AccessRecord>? _follow;

    private SupervisorInput()
    {
    }

    /// <summary>Begins to listen.</summary>
    public static SupervisorInput Open()
    {
        SupervisorInput input = new();
        new Thread(input.Listen) { IsBackground = true, Name = "supervisor watch" }.Start();
        return input;
    }

    /// <summary>Waits for the first list: nobody is let in before it.</summary>
    public AccessRecord First() => _first.Task.GetAwaiter().GetResult();

    /// <summary>Hands on the newest list, and each later one, from the listening thread.</summary>
    public void Follow(Action<AccessRecord> follow)
    {
        lock (_lock)
        {
            _follow = follow;
            if (_last is { } last)
                follow(last);
        }
    }

    private void Listen()
    {
        try
        {
            using StreamReader input = new(Console.OpenStandardInput());
            while (input.ReadLine() is { } line)
            {
                if (line.Length > LongestLine || AccessRecord.Read(line) is not { } record)
                    continue;
                _first.TrySetResult(record);
                lock (_lock)
                {
                    _last = record;
                    _follow?.Invoke(record);
                }
            }
        }
        catch (IOException)
        {
            // As good as an end.
        }
        Posix.EndProcess(0);
    }
}
