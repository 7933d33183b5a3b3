using System.Globalization;

namespace Seguro.HarborService.Audit;

/// <summary>Something that was done with an owner's objects, or was refused. What is read, and what is refused, is added up.</summary>
/// <param name="Verb"><c>put</c>, <c>get</c>, <c>list</c>, <c>delete</c>, <c>read</c>.</param>
/// <param name="Key">The first digits of the key.</param>
/// <param name="From">The address.</param>
/// <param name="Outcome"><c>ok</c>, or the status that it was refused with.</param>
internal readonly record struct AuditKind(string Verb, string Key, string From, string Outcome)
{
    /// <summary>A line of it.</summary>
    public string Line(DateTimeOffset time, string name, long count, long bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.UtcDateTime:yyyy-MM-ddTHH:mm:ss.fffZ} {Verb} {Outcome} {name} count={count} bytes={bytes} key={Key} from={From}\n");
}
