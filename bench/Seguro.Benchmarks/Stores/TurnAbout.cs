using System.Diagnostics;

namespace Seguro.Benchmarks;

/// <summary>Lets contestants commit turn about, so that all see the same machine; then each for itself, while the device's flushes are counted.</summary>
internal sealed class TurnAbout(FlushMeter? flushes)
{
    /// <summary>
    /// Before each commit of all, where one of them is asked through a pipe: the way there is a rest for that one, in which the others' followers apply what was committed before. Where
    /// nobody has such a rest, all are better off without: a machine that was idle for a moment takes longer to begin.
    /// </summary>
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(1);

    private readonly Payloads _payloads = new();
    private readonly Random _order = new(1);

    /// <summary>One round.</summary>
    /// <param name="turns">Who takes turns.</param>
    /// <param name="bytes">Of an event.</param>
    /// <param name="plan">How often, and for how long at the most.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task RunAsync(IReadOnlyList<Turn> turns, int bytes, TurnPlan plan, CancellationToken cancel)
    {
        await RepeatAsync(turns, bytes, plan.WarmUp, plan.Longest / 4, isMeasured: false, cancel);
        await RepeatAsync(turns, bytes, plan.Commits, plan.Longest, isMeasured: true, cancel);
        foreach (Turn turn in turns)
        {
            turn.Score.EndRound();
            if (flushes is not null && plan.Block > 0)
                await CountFlushesAsync(turn, bytes, plan, flushes, cancel);
        }
    }

    private async Task RepeatAsync(IReadOnlyList<Turn> turns, int bytes, int commits, TimeSpan longest, bool isMeasured, CancellationToken cancel)
    {
        Turn[] shuffled = [.. turns];
        bool isResting = turns.Any(static turn => turn.Contestant.IsAskedByPipe);
        long start = Stopwatch.GetTimestamp();
        for (int index = 0; index < commits && (index == 0 || Stopwatch.GetElapsedTime(start) < longest); index++)
        {
            // Nobody is always the one who comes after the same other.
            _order.Shuffle(shuffled);
            foreach (Turn turn in shuffled)
            {
                if (isResting)
                    await Task.Delay(Rest, cancel);
                long taken = await turn.Contestant.CommitAsync(_payloads.Next(turn.Group, bytes), cancel);
                if (isMeasured)
                    turn.Score.Add(taken, turn.Group, (long)turn.Group * bytes);
            }
        }
    }

    private async Task CountFlushesAsync(Turn turn, int bytes, TurnPlan plan, FlushMeter meter, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        long before = meter.Read();
        int commits = 0;
        while (commits < plan.Block && (commits == 0 || Stopwatch.GetElapsedTime(start) < plan.Longest / 4))
        {
            await turn.Contestant.CommitAsync(_payloads.Next(turn.Group, bytes), cancel);
            commits++;
        }
        turn.Score.AddFlushes(meter.Read() - before, commits);
    }
}
