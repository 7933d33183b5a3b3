using System.Net;
using Seguro.Harbor.Format;
using Seguro.Harbor.Targets;
using Seguro.HarborService;
using Seguro.HarborService.Owners;
using Seguro.Testing;

namespace Seguro.Tests.HarborService;

/// <summary>A service in this process, over a folder; owners with keys.</summary>
internal sealed class ServiceFixture : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new("service");
    private readonly List<ServiceHost> _hosts = [];

    private ServiceFixture(Func<ServiceOptions, ServiceOptions>? change)
    {
        Directory.CreateDirectory(_folder["storage"]);
        Storage = HarborTarget.Open($"file:{_folder["storage"]}");
        Files = ServiceCertificateFiles.Make(_folder["service"]);
        Options = new ServiceOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Certificate = Files.Certificate,
            PrivateKey = Files.Key,
            AddressRate = 10_000,
            OwnerRate = 10_000,
            Tell = (_, text) => { lock (Told) Told.Add(text); },
        };
        Options = change?.Invoke(Options) ?? Options;
    }

    public string this[string name] => _folder[name];

    public List<string> Told { get; } = [];

    public ServiceCertificateFiles Files { get; }

    public ServiceOptions Options { get; }

    public IHarborTarget Storage { get; private set; }

    public OwnerRegistry Registry => new(Storage);

    public IReadOnlyList<ServiceHost> Hosts => _hosts;

    public ServiceHost Host => _hosts[0];

    public static async Task<ServiceFixture> StartAsync(Func<ServiceOptions, ServiceOptions>? change = null, IHarborTarget? storage = null, int instances = 1)
    {
        ServiceFixture fixture = new(change);
        fixture.Storage = storage ?? fixture.Storage;
        for (int i = 0; i < instances; i++)
            fixture._hosts.Add(await ServiceHost.StartAsync(fixture.Storage, fixture.Options, Cancel));
        await fixture.AddAsync("zod");
        return fixture;
    }

    /// <summary>Makes a key, and registers it.</summary>
    public async Task<string> AddAsync(string owner, string? key = null, long bytes = 1L << 40, long objects = 1_000_000, bool addsOnly = false)
    {
        string known = AccessKey.Create(_folder[key ?? owner]);
        await Registry.AddAsync(new OwnerRecord(owner, known, bytes, objects, addsOnly, DateTimeOffset.UtcNow), Cancel);
        return known;
    }

    public string KeyFile(string key) => AccessKey.FileOf(_folder[key]);

    public string Url(string owner = "zod", string? key = null, int? port = null, int instance = 0) =>
        $"harbor://127.0.0.1:{port ?? _hosts[instance].Address.Port}/{owner}?key={KeyFile(key ?? owner)}&authority={Files.Certificate}";

    public IHarborTarget Open(string owner = "zod", string? key = null, int instance = 0) => HarborTarget.Open(Url(owner, key, instance: instance));

    public async Task StopAsync(int instance)
    {
        await _hosts[instance].DisposeAsync();
        _hosts.RemoveAt(instance);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ServiceHost host in _hosts)
            await host.DisposeAsync();
        await Storage.DisposeAsync();
        _folder.Dispose();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
