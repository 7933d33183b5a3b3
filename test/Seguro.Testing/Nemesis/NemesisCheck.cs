using Seguro.Cli.Demo.Probes;
using Seguro.Core;

namespace Seguro.Testing;

/// <summary>Compares what the client and the members saw with the final logs. Offline, and by what was seen alone: no check depends on how long something took.</summary>
public sealed class NemesisCheck
{
    private const int MostToldOfEach = 5;
    private readonly NemesisHistory _history;
    private readonly Dictionary<string, List<string>> _violations = [];
    private readonly FinalLog _log;

    private NemesisCheck(NemesisHistory history)
    {
        _history = history;
        // What the store had when all was whole and the client was done: the members' ending may have made another master, and events that tell the ship so.
        FinalLog longest = history.Logs.Values.MaxBy(static log => log.Chains.Count)!;
        int head = (int)Math.Min(history.Store.Head.Number.Value, (ulong)longest.Chains.Count);
        _log = new FinalLog([.. longest.Chains.Take(head)], [.. longest.Heard.Take(head)]);
    }

    /// <summary>What does not hold, in words, some examples of each; nothing where all is well.</summary>
    public IEnumerable<string> Violations =>
        _violations.SelectMany(static kind => kind.Value.Take(MostToldOfEach).Append(kind.Value.Count > MostToldOfEach ? $"{kind.Key}: {kind.Value.Count} in all" : "")
        .Where(static text => text.Length > 0));

    /// <summary>Different datagrams that were answered.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>Answered, and in no event of the final log.</summary>
    public int Lost { get; private set; }

    /// <summary>Answers of events that are not in the final log, or are other events there.</summary>
    public int Phantoms { get; private set; }

    /// <summary>Of the phantoms, those that left at optimism 0.</summary>
    public int PhantomsAtZero { get; private set; }

    /// <summary>Answers that came again.</summary>
    public int Repeats { get; private set; }

    /// <summary>Datagrams that became more events than they were sent.</summary>
    public int Doubled { get; private set; }

    /// <summary>Checks everything.</summary>
    public static NemesisCheck Of(NemesisHistory history)
    {
        ArgumentNullException.ThrowIfNull(history);
        NemesisCheck check = new(history);
        check.CheckLogs();
        check.CheckStore();
        check.CheckMasters();
        check.CheckSightings();
        check.CheckAnswers();
        check.CheckOrder();
        check.CheckIngress();
        return check;
    }

    /// <summary>How many rising sequences it takes at least to make these numbers of: as many as the longest part that nowhere rises has.</summary>
    internal static int RisingParts(IEnumerable<ulong> numbers)
    {
        // Each rising part ends somewhere; a number goes to the one with the highest end below it.
        List<ulong> ends = []; // from the highest to the lowest
        foreach (ulong number in numbers)
        {
            int low = 0;
            int high = ends.Count;
            while (low < high)
            {
                int middle = (low + high) / 2;
                (low, high) = ends[middle] < number ? (low, middle) : (middle + 1, high);
            }
            if (low == ends.Count)
                ends.Add(number);
            else
                ends[low] = number;
        }
        return ends.Count;
    }

    private void CheckLogs()
    {
        foreach ((string member, FinalLog log) in _history.Logs)
        {
            if ((ulong)log.Chains.Count < _history.Store.Head.Number.Value)
                Violate("equal logs", $"{member} has {log.Chains.Count} events at the end, the store has {_history.Store.Head.Number}");
            for (int index = 0; index < Math.Min(log.Chains.Count, _log.Chains.Count); index++)
            {
                if (log.Chains[index] == _log.Chains[index])
                    continue;
                Violate("equal logs", $"{member} has another event {index + 1} than another member");
                break;
            }
        }
    }

    private void CheckStore()
    {
        (ulong first, Position head) = _history.Store;
        if (ChainAt(head.Number) != head.Chain)
            Violate("the store's log", $"the store ends at event {head.Number} with chain {head.Chain}, the members have {_log.Chains.Count} events and there the chain {ChainAt(head.Number)}");
        if (first == 0 || first > head.Number.Value + 1)
            Violate("the store's log", $"the store begins at {first} and ends at {head.Number}");
    }

    private void CheckMasters()
    {
        foreach (IGrouping<ulong, Mastership> term in _history.Masterships.GroupBy(static mastership => mastership.Term))
        {
            string[] processes = [.. term.Select(static mastership => mastership.Process)];
            if (processes.Length > 1)
                Violate("one master a term", $"term {term.Key}: {string.Join(" and ", processes)}");
        }
        foreach (IGrouping<string, Mastership> process in _history.Masterships.GroupBy(static mastership => mastership.Process))
        {
            ulong last = 0;
            foreach (Mastership mastership in process)
            {
                if (mastership.Term <= last)
                    Violate("terms grow", $"{process.Key} was master in term {last} and then in {mastership.Term}");
                last = mastership.Term;
            }
        }
    }

    private void CheckSightings()
    {
        foreach (IGrouping<string, Sighting> process in _history.Sightings.GroupBy(static sighting => sighting.Process))
        {
            (ulong term, EventNumber committed) = (0, EventNumber.None);
            foreach (Sighting sighting in process)
            {
                if (sighting.Term < term)
                    Violate("terms grow", $"{process.Key} knew of term {term} and then of {sighting.Term}");
                if (sighting.Committed.Number < committed)
                    Violate("what is committed stays", $"{process.Key} knew event {committed} to be committed, and then {sighting.Committed.Number}");
                if (sighting.Committed.Number != EventNumber.None && ChainAt(sighting.Committed.Number) != sighting.Committed.Chain)
                    Violate("what is committed stays", $"{process.Key} took {sighting.Committed} for committed; the final log has the chain {ChainAt(sighting.Committed.Number)} there");
                (term, committed) = (sighting.Term, sighting.Committed.Number);
            }
        }
    }

    private void CheckAnswers()
    {
        HashSet<long> inLog = [.. _log.Heard];
        ulong[] heardBefore = new ulong[_log.Heard.Count + 1];
        for (int index = 0; index < _log.Heard.Count; index++)
            heardBefore[index + 1] = heardBefore[index] + (_log.Heard[index] != 0 ? 1UL : 0);
        HashSet<long> answered = [];
        HashSet<ulong> seen = [];
        HashSet<long> lost = [];
        foreach (ProbeAnswer answer in _history.Answers)
        {
            answered.Add(answer.Sequence);
            if (!seen.Add(answer.Events))
                Repeats++;
            ulong number = answer.Events + _history.Boot;
            bool isThere = number <= (ulong)_log.Heard.Count && _log.Heard[(int)number - 1] == answer.Sequence;
            if (isThere && heardBefore[number] == answer.Heard)
                continue;
            bool atZero = _history.AtZero.Any(span => answer.Events >= span.From && answer.Events <= span.To);
            if (!isThere)
            {
                Phantoms++;
                PhantomsAtZero += atZero ? 1 : 0;
                if (!inLog.Contains(answer.Sequence))
                    lost.Add(answer.Sequence);
            }
            if (atZero)
                continue;
            if (isThere)
                Violate("a ship's state", $"the answer of event {number} says {answer.Heard} datagrams were heard; the log says {heardBefore[number]}");
            else
                Violate(inLog.Contains(answer.Sequence) ? "no phantom effect" : "nothing acknowledged is lost", $"datagram {answer.Sequence} was answered as event {number}, which is {(number > (ulong)_log.Heard.Count ? "above the head" : $"datagram {_log.Heard[(int)number - 1]}")} in the final log; the datagram is {(inLog.Contains(answer.Sequence) ? "another event" : "in none")}");
        }
        Acknowledged = answered.Count;
        Lost = lost.Count;
        long bound = (long)_history.MaxUnreplicated * _history.Masterships.Count;
        if (PhantomsAtZero > bound)
            Violate("the bound of optimism 0", $"{PhantomsAtZero} answers of events that are not in the final log; {_history.Masterships.Count} masters may lose {bound}");
    }

    // Each mastership releases its effects in order, once; so the answers are as many rising sequences as there were masterships, one in the other.
    private void CheckOrder()
    {
        int parts = RisingParts(_history.Answers.Select(static answer => answer.Events));
        int most = _history.Masterships.Count;
        if (parts > most)
            Violate("order and repeats", $"it takes {parts} masterships that release in order to explain the answers, and there were {most}");
    }

    private void CheckIngress()
    {
        foreach (IGrouping<long, long> datagram in _log.Heard.Where(static sequence => sequence != 0).GroupBy(static sequence => sequence))
        {
            int sent = _history.Sent.GetValueOrDefault(datagram.Key);
            if (sent == 0)
                Violate("nothing comes of nothing", $"datagram {datagram.Key} is in the log and was never sent");
            else if (datagram.Count() > sent)
                Doubled++;
        }
    }

    private Chain? ChainAt(EventNumber number) => number.Value == 0 || number.Value > (ulong)_log.Chains.Count ? null : _log.Chains[(int)number.Value - 1];

    private void Violate(string kind, string text)
    {
        if (!_violations.TryGetValue(kind, out List<string>? list))
            _violations[kind] = list = [];
        list.Add($"{kind}: {text}");
    }
}
