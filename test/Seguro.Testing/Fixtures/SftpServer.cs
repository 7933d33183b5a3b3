using System.Net.Sockets;

namespace Seguro.Testing;

/// <summary>OpenSSH's server with its own SFTP, on a free port of loopback, for this user and one key.</summary>
public sealed class SftpServer : IAsyncDisposable
{
    private readonly Watchdog _watchdog;
    private readonly ServerProcess _process;
    private readonly TemporaryFolder _folder;

    private SftpServer(Watchdog watchdog, ServerProcess process, TemporaryFolder folder, int port, string fingerprint)
    {
        _watchdog = watchdog;
        _process = process;
        _folder = folder;
        Port = port;
        Fingerprint = fingerprint;
    }

    /// <summary>Its port.</summary>
    public int Port { get; }

    /// <summary>Its host key's fingerprint: <c>SHA256:…</c>.</summary>
    public string Fingerprint { get; }

    /// <summary>The private key that is let in.</summary>
    public string KeyFile => _folder["user"];

    /// <summary>A private key that is not.</summary>
    public string StrangerFile => _folder["stranger"];

    /// <summary>Starts it, and returns when it answers.</summary>
    public static async Task<SftpServer> StartAsync(CancellationToken cancel)
    {
        TemporaryFolder folder = new("sftp");
        foreach (string key in new[] { "host", "user", "stranger" })
            await Tool.RunAsync(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder[key]]);
        File.Copy(folder["user.pub"], folder["authorized"]);
        int port = FreePort.Next();
        await File.WriteAllTextAsync(
            folder["config"],
            $"""
            Port {port}
            ListenAddress 127.0.0.1
            HostKey {folder["host"]}
            AuthorizedKeysFile {folder["authorized"]}
            PidFile none
            StrictModes no
            PasswordAuthentication no
            UsePAM no
            PermitRootLogin yes
            MaxStartups 100
            Subsystem sftp internal-sftp

            """,
            cancel);
        Directory.CreateDirectory("/run/sshd");
        Watchdog watchdog = new();
        ServerProcess process = ServerProcess.Start(["/usr/sbin/sshd", "-D", "-e", "-f", folder["config"]], folder["log"], watchdog);
        while (true)
        {
            using TcpClient client = new();
            try
            {
                await client.ConnectAsync("127.0.0.1", port, cancel);
                break;
            }
            catch (SocketException)
            {
                if (!Tool.IsRunning(process.Id))
                    throw new InvalidOperationException($"sshd did not start: {await File.ReadAllTextAsync(folder["log"], cancel)}");
                await Task.Delay(100, cancel);
            }
        }
        string shown = await Tool.RunAsync(["ssh-keygen", "-l", "-f", folder["host.pub"]]);
        return new SftpServer(watchdog, process, folder, port, shown.Split(' ')[1]);
    }

    /// <summary>The URL of a folder on it.</summary>
    public string Url(string folder, string? key = null, string? fingerprint = null) =>
        $"sftp://{Environment.UserName}@127.0.0.1:{Port}{folder}?key={key ?? KeyFile}&host-key={Uri.EscapeDataString(fingerprint ?? Fingerprint)}";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _watchdog.Dispose();
        _folder.Dispose();
    }
}
