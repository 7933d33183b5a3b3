using Seguro.Sdk;

namespace Seguro.Samples;

/// <summary>Keeps a copy of a ship's log in another store, event by event, as long as it runs.</summary>
public static class Mirror
{
    public static async Task RunAsync(string from, string to, string ship, CancellationToken cancel)
    {
        await using SeguroLog source = await SeguroLog.OpenAsync(from, ship, cancel: cancel);
        await using SeguroLog copy = await SeguroLog.OpenAsync(to, ship, new SeguroLogOptions { Name = "mirror", Create = true }, cancel);
        await using SeguroWriter writer = await copy.CampaignAsync(wait: true, cancel);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(cancel, writer.Lost);

        // The same chain at the same number means the same events up to it.
        LogHead head = await copy.ReadHeadAsync(end.Token);
        if (head.Number > 0)
        {
            await foreach (LogEvent known in source.ReadAsync(head.Number, head.Number, end.Token))
            {
                if (known.Chain != head.Chain)
                    throw new InvalidDataException($"The copy of {ship} is of another history: it differs at or before event {head.Number}.");
            }
        }
        await foreach (LogEvent next in source.TailAsync(head.Number + 1, end.Token))
            await writer.AppendAsync(next.Number, [next.Payload]);
    }
}
