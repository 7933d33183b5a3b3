using System.Globalization;
using Seguro.Piers;

namespace Seguro.Testing;

/// <summary>Writes a pier's log as vere does: under its lock, by liblmdb, one transaction a commit, each durable, up to a hundred events together.</summary>
static class PierWriting
{
    /// <summary>Appends to the newest epoch without end, and prints <c>ack N T</c> after each commit: the last event, and the time in microseconds since 1970.</summary>
    /// <param name="pier">The pier.</param>
    /// <param name="seed">Of the payloads (<see cref="WriterPayload"/>), and of the groups.</param>
    /// <param name="pause">Milliseconds between commits.</param>
    /// <param name="large">The size of every seventh event, in bytes, or 0.</param>
    public static async Task<int> RunAsync(string pier, ulong seed, int pause, int large)
    {
        using PierLock held = PierLock.Take(pier);
        string log = PierFiles.LogOf(pier);
        (ulong start, string folder) = EpochFormat.FindOpened(log) is [.., var newest] ? newest : (0, log);
        ulong number = start;
        using (PierEpoch epoch = PierEpoch.OpenFlat(folder))
            number = epoch.NewReader().FindEnds()?.Last ?? start;
        using LmdbEnvironment environment = LmdbEnvironment.Open(folder, isAside: false);
        Random random = new((int)seed);
        while (true)
        {
            using (LmdbTransaction transaction = environment.Begin())
            {
                uint events = transaction.Table(PierMeta.Events, integerKeys: true);
                for (int left = random.Next(10) == 0 ? random.Next(1, 100) : 1; left > 0; left--)
                    transaction.Append(events, ++number, WriterPayload.Of(seed, number, large));
                transaction.Commit();
            }
            long now = (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).Ticks / 10;
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"ack {number} {now}"));
            if (pause > 0)
                await Task.Delay(pause);
        }
    }
}
