using System.Text;
using Seguro.Core;

namespace Seguro.Tests.Piers.LocalLogs;

/// <summary>Events with their chains, made of words.</summary>
static class EventChain
{
    public static List<Event> After(Position position, int count, string word = "event")
    {
        List<Event> events = [];
        using ChainHasher hasher = new();
        for (int i = 0; i < count; i++)
        {
            EventNumber number = position.Number.Next;
            byte[] payload = Encoding.ASCII.GetBytes($"{word} {number}");
            position = new Position(number, hasher.Next(position.Chain, number, payload));
            events.Add(new Event(number, payload, position.Chain));
        }
        return events;
    }

    public static Position At(IEnumerable<Event> events, ulong number)
    {
        Event found = events.Single(one => one.Number.Value == number);
        return new Position(found.Number, found.Chain);
    }
}
