using System.Globalization;
using System.Text;
using Seguro.Core;
using Seguro.Node.Members;

namespace Seguro.Node.Links;

/// <summary>
/// Asks the other members up to which event each has the log in its own, and the master what the harbors have, by the links' way for requests:
/// <c>DURABLE ARCHIVED</c>, numbers, <c>-</c> where there is none
/// to say.
/// </summary>
sealed class NeedAsker(MemberLinks links)
{
    /// <summary>The request's path.</summary>
    public const string Path = "/log-need";

    private const string Nothing = "-";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>What one member says.</summary>
    /// <param name="Durable">The end of its own log, as far as that is the cluster's; none while it finds that out.</param>
    /// <param name="Archived">What every harbor has; <see langword="null"/> where it is not the one that fills them.</param>
    public readonly record struct Word(EventNumber Durable, EventNumber? Archived);

    /// <summary>Asks.</summary>
    /// <param name="own">This member's word.</param>
    /// <param name="others">All other members, those that are away too.</param>
    /// <param name="storeHasAll">The store keeps the whole log: members that are behind read there.</param>
    /// <param name="hasHarbors">There are harbors, which need every event, too.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<LogNeed> AskAsync(Word own, IReadOnlyList<string> others, bool storeHasAll, bool hasHarbors, CancellationToken cancel)
    {
        (string Name, Word? Said)[] said = await Task.WhenAll(others.Select(async name => (name, await AskOneAsync(name, cancel))));
        return Decide(own, said, storeHasAll, hasHarbors);
    }

    /// <summary>What follows of what was said.</summary>
    public static LogNeed Decide(Word own, IReadOnlyList<(string Name, Word? Said)> others, bool storeHasAll, bool hasHarbors)
    {
        LogNeed need = new(own.Durable, "this member has no more");
        foreach ((string name, Word? word) in storeHasAll ? [] : others)
        {
            if (word is not { } said)
                need = new LogNeed(EventNumber.None, $"{name} does not say how much of the log it has; start it, or take it out of the cluster (seguro cluster leave)");
            else if (said.Durable < need.Through)
                need = new LogNeed(said.Durable, string.Create(CultureInfo.InvariantCulture, $"{name} has the log up to event {said.Durable} only, and would have to get the rest from here"));
        }
        if (!hasHarbors)
            return need;
        EventNumber? archived = own.Archived ?? others.Select(static other => other.Said?.Archived).FirstOrDefault(static number => number is not null);
        return need with
        {
            Harbors = archived is { } through
                ? new LogNeed(through, string.Create(CultureInfo.InvariantCulture, $"the harbors have the log up to event {through} only"))
                : new LogNeed(EventNumber.None, "no member says what the harbors have"),
        };
    }

    /// <summary>Answers another member.</summary>
    public static Task<LinkReply> AnswerAsync(Func<Word> own)
    {
        Word word = own();
        string text = string.Create(CultureInfo.InvariantCulture, $"{word.Durable} {(word.Archived is { } archived ? archived.ToString() : Nothing)}");
        return Task.FromResult(new LinkReply(200, Encoding.ASCII.GetBytes(text)));
    }

    private async Task<Word?> AskOneAsync(string name, CancellationToken cancel)
    {
        try
        {
            LinkReply reply = await links.CommandAsync(name, Path, ReadOnlyMemory<byte>.Empty, Patience, cancel);
            return reply.Status == 200 ? Read(Encoding.ASCII.GetString(reply.Body.Span)) : null;
        }
        catch (SeguroException)
        {
            return null; // it is away, or is of a version that knows no such question
        }
    }

    private static Word? Read(string text) =>
        text.Split(' ') is [var durable, var archived] && Number(durable) is { } has && (archived == Nothing || Number(archived) is not null) ? new Word(has, Number(archived)) : null;

    private static EventNumber? Number(string text) => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? new EventNumber(number) : null;
}
