using Seguro.Core;

namespace Seguro.Node.Members;

/// <content>A ship that runs on a vere.</content>
public sealed partial class MemberHost
{
    private readonly OwnShip? _own;

    /// <summary>What a replica of a ship that runs on a vere has done with its events, for people; <see langword="null"/> for every other ship.</summary>
    public string? Level => _own?.Level;

    /// <summary>Its end is told also where the mastership is over: the local log is the member's again.</summary>
    private void RunShip(MemberOutput.RunShip run, Task recorded, CancellationToken tenure) => Begin(() => _own!.RunAsync(run, recorded, tenure));
}
