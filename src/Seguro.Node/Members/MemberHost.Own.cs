using Seguro.Core;

namespace Seguro.Node.Members;

/// <content>A ship that runs on a vere.</content>
public sealed partial class MemberHost
{
    private readonly OwnShip? _own;
    private readonly TakeoverStages? _stages;

    /// <summary>What a replica of a ship that runs on a vere has done with its events, for people; <see langword="null"/> for every other ship.</summary>
    public string? Level => _own?.Level;

    /// <summary>Its end is told also where the mastership is over: the local log is the member's again.</summary>
    private void RunShip(MemberOutput.RunShip run, Task recorded, CancellationToken tenure)
    {
        _stages!.Reach(TakeoverStage.Missing);
        _own!.Expect();
        Begin(() => _own!.RunAsync(run, recorded, tenure));
    }

    /// <summary>What the ship is to know of how the member stands.</summary>
    private void SeeOwn()
    {
        if (_own is not { } own)
            return;
        own.Commit(_status.Committed.Number);
        if (own.See(_status))
            _running.Begin(StandByAsync);
        if (own.SeeComputed(_status))
            _running.Begin(ComputeAsync);
    }

    private async Task ComputeAsync()
    {
        try
        {
            await _own!.ComputeAsync(_stopping);
        }
        catch (Exception failed)
        {
            Fail(failed);
        }
    }

    private async Task StandByAsync()
    {
        try
        {
            await _own!.StandByAsync(_stopping);
        }
        catch (Exception failed)
        {
            Fail(failed);
        }
    }
}
