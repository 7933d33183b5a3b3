using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Renci.SshNet;
using Renci.SshNet.Common;
using Renci.SshNet.Sftp;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Harbor.Targets;

/// <summary>A folder behind an SSH server: <c>sftp://USER@HOST:PORT/PATH?key=FILE&amp;host-key=SHA256:…</c>.</summary>
/// <remarks>
/// An object is written aside and renamed: SFTP's own rename does not replace what is there (OpenSSH makes a hard link), so of many one makes the name.
/// OpenSSH offers no flush to this library: what the server had in its memory when its power was cut may be gone, which the next look finds.
/// One connection, made when it is needed and again after it broke; calls take turns.
/// </remarks>
internal sealed class SftpTarget : IHarborTarget
{
    private const string Aside = ".seguro-";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly TargetUrl _url;
    private readonly string _root;
    private readonly string _hostKey;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly HashSet<string> _folders = new(StringComparer.Ordinal);
    private SftpClient? _client;

    private SftpTarget(TargetUrl url, string hostKey)
    {
        _url = url;
        _hostKey = hostKey;
        _root = url.Path.TrimEnd('/');
        Name = $"sftp://{url.Address.Authority}{_root}";
    }

    public string Name { get; }

    public static SftpTarget Open(TargetUrl url)
    {
        url.Allow("key", "host-key");
        if (url.Address.UserInfo.Length == 0 || url.Address.UserInfo.Contains(':', StringComparison.Ordinal))
            throw TargetUrl.Bad(url.Text, "it must name a user, and no password: keys only");
        return !url.Options.ContainsKey("key") ? throw TargetUrl.Bad(url.Text, "it must name the file of a private key: key=FILE") : new SftpTarget(url, url.Options.GetValueOrDefault("host-key", ""));
    }

    public Task<bool> PutAsync(string name, Stream content, CancellationToken cancel) => InTurnAsync(client =>
    {
        string final = $"{_root}/{name}";
        string folder = final[..final.LastIndexOf('/')];
        string aside = $"{folder}/{Aside}{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}";
        if (_folders.Add(folder))
            MakeFolder(client, folder);
        try
        {
            content.Position = 0;
            client.UploadFile(content, aside, canOverride: false);
            client.RenameFile(aside, final);
            return true;
        }
        catch (SshException) when (client.IsConnected)
        {
            bool exists = client.Exists(final);
            if (client.Exists(aside))
                client.DeleteFile(aside);
            if (exists)
                return false;
            _folders.Remove(folder);
            throw;
        }
    }, $"put {name}", cancel);

    public Task<Stream> GetAsync(string name, long? length, CancellationToken cancel) => InTurnAsync<Stream>(client =>
    {
        if (length is { } bytes)
        {
            using SftpFileStream file = client.OpenRead($"{_root}/{name}");
            byte[] head = new byte[Math.Min(bytes, file.Length)];
            return new MemoryStream(head, 0, file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false));
        }
        Stream all = Format.Scratch.For(client.GetAttributes($"{_root}/{name}").Size);
        try
        {
            client.DownloadFile($"{_root}/{name}", all);
            all.Position = 0;
            return all;
        }
        catch
        {
            all.Dispose();
            throw;
        }
    }, $"get {name}", cancel);

    public async IAsyncEnumerable<TargetObject> ListAsync(string folder, [EnumeratorCancellation] CancellationToken cancel)
    {
        List<TargetObject> found = await InTurnAsync(client =>
        {
            List<TargetObject> all = [];
            if (client.Exists($"{_root}/{folder}"))
                Collect(client, folder, all, cancel);
            else if (!client.Exists(_root))
                throw new SftpPathNotFoundException($"the folder {_root} is not there");
            return all;
        }, $"list {folder}", cancel);
        found.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        foreach (TargetObject one in found)
            yield return one;
    }

    public Task DeleteAsync(string name, CancellationToken cancel) => InTurnAsync(client =>
    {
        if (client.Exists($"{_root}/{name}"))
            client.DeleteFile($"{_root}/{name}");
        return true;
    }, $"delete {name}", cancel);

    public ValueTask DisposeAsync()
    {
        _client?.Dispose();
        _turn.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Collect(SftpClient client, string folder, List<TargetObject> all, CancellationToken cancel)
    {
        foreach (ISftpFile file in client.ListDirectory($"{_root}/{folder}"))
        {
            cancel.ThrowIfCancellationRequested();
            if (file.Name[0] == '.')
                continue;
            if (file.IsDirectory)
                Collect(client, $"{folder}/{file.Name}", all, cancel);
            else
                all.Add(new TargetObject($"{folder}/{file.Name}", file.Length));
        }
    }

    private void MakeFolder(SftpClient client, string folder)
    {
        if (folder == _root || client.Exists(folder))
            return;
        MakeFolder(client, folder[..folder.LastIndexOf('/')]);
        try
        {
            client.CreateDirectory(folder);
        }
        catch (SshException) when (client.IsConnected && client.Exists(folder))
        {
            // Another writer made it.
        }
    }

    private async Task<T> InTurnAsync<T>(Func<SftpClient, T> ask, string what, CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel);
        try
        {
            return await Task.Run(() => ask(Connect()), cancel);
        }
        catch (Exception failed) when (failed is SshException or IOException or ObjectDisposedException or TimeoutException or System.Net.Sockets.SocketException or InvalidOperationException)
        {
            if (failed is not (SftpPathNotFoundException or SftpPermissionDeniedException))
            {
                _client?.Dispose();
                _client = null;
            }
            throw Fault(failed, what);
        }
        finally
        {
            _turn.Release();
        }
    }

    private SftpClient Connect()
    {
        if (_client is { IsConnected: true })
            return _client;
        _client?.Dispose();
        string key = _url.Options["key"];
        SecretFile.RefuseShared(key, "private key");
        ConnectionInfo connection = new(
            _url.Address.Host, _url.Address.IsDefaultPort || _url.Address.Port < 0 ? 22 : _url.Address.Port, _url.Address.UserInfo,
            new PrivateKeyAuthenticationMethod(_url.Address.UserInfo, new PrivateKeyFile(key)))
        {
            Timeout = Patience,
        };
        SftpClient client = new(connection) { OperationTimeout = Patience };
        string seen = "";
        client.HostKeyReceived += (_, received) =>
        {
            seen = $"SHA256:{received.FingerPrintSHA256}";
            received.CanTrust = seen == _hostKey;
        };
        try
        {
            client.Connect();
            return _client = client;
        }
        catch (Exception refused)
        {
            client.Dispose();
            if (refused is SshException && seen.Length > 0 && seen != _hostKey)
            {
                throw new SeguroException(
                    ErrorCode.AccessDenied, $"{Name} has the host key {seen}, and {(_hostKey.Length == 0 ? "its URL names none" : $"its URL says {_hostKey}")}",
                    $"If that is the server's own (ask who runs it), add host-key={seen} to the URL.", refused);
            }
            throw;
        }
    }

    private SeguroException Fault(Exception failed, string what)
    {
        string text = $"{Name}: {what}: {failed.Message}";
        return failed switch
        {
            SshAuthenticationException => new(ErrorCode.AccessDenied, text, "Check the user and the key; the server's log says more.", failed),
            SftpPermissionDeniedException => new(ErrorCode.AccessDenied, text, "Let the user write that folder.", failed),
            SftpPathNotFoundException => new(ErrorCode.NotFound, text, "Make the folder, or check the URL.", failed),
            _ => new(ErrorCode.HarborUnavailable, text, "See that the server can be reached, that its disk has room, and that the folder can be written.", failed),
        };
    }
}
