using System.Threading.Channels;
using Seguro.Core;
using Seguro.Identity;
using Seguro.Node.Links;
using Seguro.Testing;

namespace Seguro.Tests.Node.Links;

/// <summary>A member's links on loopback with real certificates, and what they received.</summary>
internal sealed class LinkedMember : IAsyncDisposable
{
    private readonly ClusterCertificates _certificates;
    private readonly Channel<(string From, MemberMessage Message)> _received = Channel.CreateUnbounded<(string, MemberMessage)>();

    private LinkedMember(ClusterCertificates certificates, LinkOptions options, Func<LinkOptions, LinkOptions>? change)
    {
        _certificates = certificates;
        options = options with
        {
            Certificates = certificates,
            Received = (from, message) =>
            {
                Gate.Wait(TestContext.Current.CancellationToken);
                _received.Writer.TryWrite((from, message));
            },
            Log = new CollectingLog(Notices),
        };
        Options = change?.Invoke(options) ?? options;
        Links = new MemberLinks(Options);
    }

    public LinkOptions Options { get; }

    public MemberLinks Links { get; }

    public ManualResetEventSlim Gate { get; } = new(initialState: true);

    public List<string> Notices { get; } = [];

    /// <summary>Who it lets in; whoever has a certificate of its cluster, where nothing else is said.</summary>
    public AccessList Access => Options.Access;

    /// <summary>Starts the links of a member; its certificate is issued where it has none yet.</summary>
    public static async Task<LinkedMember> StartAsync(
        TemporaryFolder folder, string name, int port, Func<LinkOptions, LinkOptions>? change = null, string authority = "ca", string cluster = "test", bool isClient = false)
    {
        string ca = folder[authority];
        string own = folder[$"{authority}-{cluster}-{name}"];
        if (!Directory.Exists(own))
        {
            using CertificateAuthority issuer = Directory.Exists(ca) ? CertificateAuthority.Open(ca) : CertificateAuthority.Create(ca, "test");
            issuer.Issue(own, new ClusterIdentity(cluster, name, isClient), ["127.0.0.1"]);
        }
        ClusterCertificates certificates = ClusterCertificates.Load(own);
        LinkOptions options = new()
        {
            Name = name,
            Address = new HostAddress("127.0.0.1", port),
            Certificates = certificates,
            Access = new AccessList(cluster, new AccessRecord()),
            Received = static (_, _) => { },
            ReadLocal = static (_, _, _) => ValueTask.FromResult<IReadOnlyList<Event>>([]),
        };
        LinkedMember member = new(certificates, options, change);
        try
        {
            await member.Links.StartAsync(TestContext.Current.CancellationToken);
        }
        catch
        {
            await member.DisposeAsync();
            throw;
        }
        return member;
    }

    /// <summary>The next message that came.</summary>
    public ValueTask<(string From, MemberMessage Message)> NextAsync() => _received.Reader.ReadAsync(TestContext.Current.CancellationToken);

    /// <summary>Takes all that came so far, and says whether this was among it.</summary>
    public bool Came(Func<MemberMessage, bool> which)
    {
        bool came = false;
        while (_received.Reader.TryRead(out (string From, MemberMessage Message) next))
            came |= which(next.Message);
        return came;
    }

    /// <summary>Waits until there is a link.</summary>
    public Task UntilLinkedAsync(string peer) => Until.TrueAsync(() => Links.Linked.Contains(peer), $"{Options.Name} has no link with {peer}");

    public async ValueTask DisposeAsync()
    {
        Gate.Set();
        await Links.DisposeAsync();
        _certificates.Dispose();
    }
}
