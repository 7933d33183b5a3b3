using Seguro.Core;

namespace Seguro.Node.Links;

/// <summary>A member of the cluster does not let this one in.</summary>
/// <param name="Name">This member.</param>
/// <param name="By">Who said so.</param>
/// <param name="HasLeft">This one was a member, and left; else it was never let in, or not yet.</param>
public sealed record LinkRefusal(string Name, string By, bool HasLeft)
{
    /// <summary>A sentence for people.</summary>
    public string Text => HasLeft
        ? $"{Name} has left the cluster, says {By}, and is not let in any more."
        : $"{Name} is not a member of the cluster, says {By}. To let it in: seguro cluster join {Name}, with the configuration of a member.";

    /// <summary>The same as an error.</summary>
    public SeguroException ToError() => new(
        ErrorCode.NotAMember, Text.TrimEnd('.'), "Stop it for good. A machine that is to be a member again gets a new name, certificate and folder: seguro cluster add FOLDER NEWNAME.");
}
