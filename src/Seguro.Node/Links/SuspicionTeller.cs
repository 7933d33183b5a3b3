using System.Text;
using Seguro.Core;
using Seguro.Node.Members;

namespace Seguro.Node.Links;

/// <summary>Tells members of ova that this one did not come back from, by the links' way for requests: a line for each, as <see cref="Suspicion"/> writes it.</summary>
sealed class SuspicionTeller(MemberLinks links)
{
    /// <summary>The request's path.</summary>
    public const string Path = "/suspects";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private int _underWay;

    /// <summary>Tells all with whom there is a link now. What is lost is said again.</summary>
    public void Tell(IReadOnlyList<Suspicion> own)
    {
        if (Interlocked.Exchange(ref _underWay, 1) != 0)
            return;
        byte[] body = Encoding.ASCII.GetBytes(string.Join('\n', own));
        _ = Task.Run(async () =>
        {
            try
            {
                await Task.WhenAll(links.Linked.Select(async peer =>
                {
                    try
                    {
                        await links.CommandAsync(peer, Path, body, Patience, CancellationToken.None);
                    }
                    catch (SeguroException)
                    {
                        // It went away meanwhile.
                    }
                }));
            }
            finally
            {
                Volatile.Write(ref _underWay, 0);
            }
        });
    }

    /// <summary>Another member tells; what is not in that form is passed over.</summary>
    public static Task<LinkReply> HearAsync(LinkCommand command, Action<string, Suspicion> hear)
    {
        foreach (string line in Encoding.ASCII.GetString(command.Body.Span).Split('\n').Take(SuspectOva.Most))
        {
            if (Suspicion.Parse(line) is { } told)
                hear(command.From, told);
        }
        return Task.FromResult(new LinkReply(200, "{}"u8.ToArray()));
    }
}
