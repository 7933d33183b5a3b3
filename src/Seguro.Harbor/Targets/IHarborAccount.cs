using Seguro.Core;

namespace Seguro.Harbor.Targets;

/// <summary>A target whose keeper keeps accounts, and tells an owner what is in his own.</summary>
/// <remarks>Errors: as the target's.</remarks>
public interface IHarborAccount
{
    /// <summary>What the owner holds, and may hold: lines of a name and a value.</summary>
    /// <exception cref="SeguroException">As the target's.</exception>
    IAsyncEnumerable<string> ReadAccountAsync(CancellationToken cancel);

    /// <summary>What was done with the owner's objects, by which key and from where, the oldest first.</summary>
    /// <exception cref="SeguroException">As the target's.</exception>
    IAsyncEnumerable<string> ReadAuditAsync(CancellationToken cancel);
}
