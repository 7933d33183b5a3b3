using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Seguro.Testing;

/// <summary>A network of its own on this machine (ip-netns(8)), removed when disposed of, and by a watchdog if the tests' process dies. Needs root.</summary>
public sealed partial class NetworkNamespace : IAsyncDisposable
{
    private const int NewNetwork = 0x40000000; // CLONE_NEWNET, from <linux/sched.h>
    private static int _made;

    private readonly Watchdog _watchdog = new();

    private NetworkNamespace(string name) => Name = name;

    /// <summary>As <c>ip netns</c> knows it.</summary>
    public string Name { get; }

    private string Path => $"/run/netns/{Name}";

    /// <summary>Why this machine, or this user, can't have one; null where it can.</summary>
    public static async Task<string?> WhyNotAsync()
    {
        try
        {
            await (await CreateAsync()).DisposeAsync();
            return null;
        }
        catch (Exception error) when (error is InvalidOperationException or Win32Exception)
        {
            return $"no network namespaces here: {error.Message.Trim()}";
        }
    }

    /// <summary>Makes one, with nothing in it but loopback, up.</summary>
    /// <exception cref="InvalidOperationException">The user is not root, or the machine does not let it.</exception>
    public static async Task<NetworkNamespace> CreateAsync()
    {
        NetworkNamespace made = new($"seguro-{Environment.ProcessId}-{Interlocked.Increment(ref _made)}");
        made._watchdog.Mount(made.Path);
        made._watchdog.Folder(made.Path);
        try
        {
            await Tool.RunAsync(["ip", "netns", "add", made.Name]);
            await Tool.RunAsync(["ip", "-n", made.Name, "link", "set", "lo", "up"]);
            return made;
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    /// <summary>Lays a cable between two, with a network card at each end, and addresses such as <c>10.0.0.1/24</c>; both are up.</summary>
    public static async Task ConnectAsync(NetworkNamespace one, string card, string address, NetworkNamespace other, string otherCard, string otherAddress)
    {
        await Tool.RunAsync(["ip", "link", "add", card, "netns", one.Name, "type", "veth", "peer", "name", otherCard, "netns", other.Name]);
        foreach ((NetworkNamespace end, string name, string at) in ((NetworkNamespace, string, string)[])[(one, card, address), (other, otherCard, otherAddress)])
        {
            // Nobody else has the address: an IPv6 one is not to wait until that was asked for.
            await Tool.RunAsync(["ip", "-n", end.Name, "address", "add", at, "dev", name, .. (at.Contains(':', StringComparison.Ordinal) ? ["nodad"] : Array.Empty<string>())]);
            await Tool.RunAsync(["ip", "-n", end.Name, "link", "set", name, "up"]);
        }
    }

    /// <summary>Runs a program in it, to its end; its standard output.</summary>
    public Task<string> RunAsync(string[] command, string input = "") => Tool.RunAsync(["ip", "netns", "exec", Name, .. command], input);

    /// <summary>Runs a function in it, on a thread of its own. A socket that it makes stays in this network, whichever thread uses it later.</summary>
    public T Enter<T>(Func<T> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        T? made = default;
        Exception? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                using SafeFileHandle network = File.OpenHandle(Path);
                if (setns(network, NewNetwork) != 0)
                    throw new InvalidOperationException($"setns: {Marshal.GetLastPInvokeErrorMessage()}");
                made = make();
            }
#pragma warning disable CA1031 // Thrown again where somebody waits for it.
            catch (Exception error)
            {
                failure = error;
            }
#pragma warning restore CA1031
        });
        thread.Start();
        thread.Join();
        return failure is null ? made! : throw new InvalidOperationException(failure.Message, failure);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path))
            await Tool.RunAsync(["ip", "netns", "delete", Name]);
        _watchdog.Dispose();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(SafeFileHandle descriptor, int type);
}
