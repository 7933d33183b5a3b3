using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Seguro.Harbor.Format;
using Seguro.Harbor.Targets;

namespace Seguro.Tests.HarborService;

/// <summary>Whoever writes what he likes to a service: HTTP by hand.</summary>
internal sealed class RawClient : IAsyncDisposable
{
    private readonly TcpClient _connection;
    private readonly SslStream _stream;

    private RawClient(TcpClient connection, SslStream stream)
    {
        _connection = connection;
        _stream = stream;
    }

    public static async Task<RawClient> ConnectAsync(int port)
    {
        TcpClient connection = new();
        await connection.ConnectAsync("127.0.0.1", port, Cancel);
#pragma warning disable CA5359 // A test's client.
        SslStream stream = new(connection.GetStream(), false, static (_, _, _, _) => true);
#pragma warning restore CA5359
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "localhost" }, Cancel);
        return new RawClient(connection, stream);
    }

    /// <summary>The head of a request that a key's owner signed.</summary>
    public static string Signed(string keyFile, int port, string method, string target, byte[]? body = null, DateTimeOffset? time = null, string host = "127.0.0.1", string more = "")
    {
        using AccessKey key = AccessKey.Read(keyFile);
        string hash = Convert.ToHexStringLower(SHA256.HashData(body ?? []));
        string authority = $"{host}:{port}";
        string length = body is null ? "" : $"Content-Length: {body.Length}\r\n";
        return $"{method} {target} HTTP/1.1\r\nHost: {authority}\r\nAuthorization: {SignedRequest.Scheme} {SignedRequest.Sign(key, method, authority, target, time ?? DateTimeOffset.UtcNow, hash)}\r\n{length}{more}\r\n";
    }

    /// <summary>Writes, and reads the answer's status and body; 0: the connection was closed without one.</summary>
    public static async Task<(int Status, string Body)> AskAsync(int port, string head, byte[]? body = null)
    {
        await using RawClient client = await ConnectAsync(port);
        await client.WriteAsync(head);
        if (body is not null)
            await client._stream.WriteAsync(body, Cancel);
        return await client.ReadAnswerAsync();
    }

    public Task WriteAsync(string text) => _stream.WriteAsync(Encoding.ASCII.GetBytes(text), Cancel).AsTask();

    public async Task<(int Status, string Body)> ReadAnswerAsync()
    {
        using StreamReader reader = new(_stream, leaveOpen: true);
        try
        {
            if (await reader.ReadLineAsync(Cancel) is not { } first)
                return (0, "");
            int length = 0;
            while (await reader.ReadLineAsync(Cancel) is { Length: > 0 } line)
            {
                if (line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))
                    length = int.Parse(line["Content-Length: ".Length..], CultureInfo.InvariantCulture);
            }
            if (length == 0)
                return (int.Parse(first.Split(' ')[1], CultureInfo.InvariantCulture), "");
            char[] text = new char[length];
            int read = await reader.ReadBlockAsync(text, Cancel);
            return (int.Parse(first.Split(' ')[1], CultureInfo.InvariantCulture), new string(text, 0, read));
        }
        catch (IOException)
        {
            return (0, "");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stream.DisposeAsync();
        _connection.Dispose();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
