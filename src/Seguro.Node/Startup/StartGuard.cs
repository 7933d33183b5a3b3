using Seguro.Core;
using Seguro.Node.Configuration;
using Seguro.Stores;
using Seguro.Vere.Guard;

namespace Seguro.Node.Startup;

/// <summary>Asks, before a member begins, whether a cluster may compute the ship of this log at all: that a vere or another cluster does is not seen by the members among themselves.</summary>
/// <remarks>The same is asked before each campaign (<see cref="Custody.RequireCluster"/>): who computes the ship may change while members run.</remarks>
static class StartGuard
{
    /// <summary>Returns when the member may begin.</summary>
    /// <remarks>
    /// A refusal ends the member. Where the members run the database themselves it is waited for instead: a mirror may be writing into it, and the command that mends the refusal needs it.
    /// </remarks>
    /// <param name="log">The log.</param>
    /// <param name="store">The store that holds it.</param>
    /// <param name="configuration">The member's.</param>
    /// <param name="waiting">Says for what is waited.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="SeguroException"><see cref="ErrorCode.OtherCustody"/>, <see cref="ErrorCode.NotAtHead"/>; what the store throws.</exception>
    public static Task PassAsync(EventLog log, IStore store, NodeConfiguration configuration, StartWaiting waiting, CancellationToken cancel)
    {
        string url = $"{StoreUrl.Parse(configuration.StoreUrl)}{(configuration.IsEmbedded ? " --certificates CLIENT" : "")}";
        return waiting.ForAsync($"the word that a cluster may compute {configuration.Ship}", AskAsync, cancel);

        async Task AskAsync()
        {
            try
            {
                await CustodyClaim.AskAsync(log, GuardedAct.Run, store, url, default, [], cancel);
            }
            catch (SeguroException refused) when (configuration.IsEmbedded && refused.Code is ErrorCode.OtherCustody)
            {
                throw new SeguroException(ErrorCode.StoreUnavailable, $"{refused.Message} ({refused.CodeText}). {refused.NextStep.TrimEnd('.')}", refused.NextStep, refused);
            }
        }
    }
}
