using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.HarborService;

/// <summary>The service's certificate, from files that may be replaced while it runs: looked at every ten seconds, when somebody connects.</summary>
/// <remarks>For any thread. Files that can't be used change nothing, and are told once.</remarks>
internal sealed class ServiceCertificate : IDisposable
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);
    /// <summary>From so many days before its end on it is warned of.</summary>
    public const int WarnedDays = 30;

    private readonly ServiceOptions _options;
    private readonly string _file;
    private readonly string _keyFile;
    private readonly Lock _lock = new();
    private Loaded _loaded;
    private long _lookedAt;
    private DateTime _written;
    private long? _warnedAt;

    /// <exception cref="SeguroException"><see cref="ErrorCode.NotFound"/>, <see cref="ErrorCode.ExposedSecret"/>, <see cref="ErrorCode.FileAccess"/>, <see cref="ErrorCode.BadValue"/>.</exception>
    public ServiceCertificate(ServiceOptions options)
    {
        _options = options;
        (_file, _keyFile) = (options.Certificate!, options.PrivateKey ?? throw new SeguroException(ErrorCode.Usage, "the certificate's key is missing", "Name its PEM file: --private-key FILE."));
        _written = Written();
        _loaded = Load();
        _lookedAt = options.Time.GetTimestamp();
        WarnOfEnd();
    }

    /// <summary>Time until it expires; below zero: it has.</summary>
    public TimeSpan Left => _loaded.Leaf.NotAfter.ToUniversalTime() - _options.Time.GetUtcNow().UtcDateTime;

    /// <summary>What a handshake is answered with.</summary>
    public SslServerAuthenticationOptions ForHandshake() => new()
    {
        ServerCertificateContext = Current().Context,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ApplicationProtocols = [SslApplicationProtocol.Http11],
    };

    /// <summary>Whether the certificate is that of a host: what was signed for another service is not taken here.</summary>
    public bool IsFor(string host) => Current().Leaf.MatchesHostname(host);

    public void Dispose() => _loaded.Leaf.Dispose();

    private Loaded Current()
    {
        lock (_lock)
        {
            if (_options.Time.GetElapsedTime(_lookedAt) < Between)
                return _loaded;
            _lookedAt = _options.Time.GetTimestamp();
            DateTime written = Written();
            if (written == _written)
            {
                WarnOfEnd();
                return _loaded;
            }
            _written = written;
            try
            {
                _loaded = Load(); // the one before may be in a handshake still: the collector has it
                _options.Tell(false, $"The certificate in {_file} was replaced; it is good until {_loaded.Leaf.NotAfter.ToUniversalTime():yyyy-MM-dd}.");
            }
            catch (SeguroException bad)
            {
                _options.Tell(true, $"The new certificate is not used: {bad.Message}. {bad.NextStep}");
            }
            return _loaded;
        }
    }

    /// <summary>Once a day, in its last thirty.</summary>
    private void WarnOfEnd()
    {
        TimeSpan left = Left;
        if (left >= TimeSpan.FromDays(WarnedDays) || (_warnedAt is { } at && _options.Time.GetElapsedTime(at) < TimeSpan.FromDays(1)))
            return;
        _warnedAt = _options.Time.GetTimestamp();
        _options.Tell(true, $"The certificate in {_file} {(left > TimeSpan.Zero ? $"expires in {left.TotalDays:0} days" : "has expired: no owner's backup connects any more")}. Replace it and its key: they are taken up while the service runs.");
    }

    private DateTime Written()
    {
        (DateTime certificate, DateTime key) = (File.GetLastWriteTimeUtc(_file), File.GetLastWriteTimeUtc(_keyFile));
        return certificate > key ? certificate : key;
    }

    private Loaded Load()
    {
        foreach (string file in new[] { _file, _keyFile }.Where(static file => !File.Exists(file)))
            throw new SeguroException(ErrorCode.NotFound, $"there is no file {file}", "Name the PEM files of the certificate and of its key.");
        SecretFile.RefuseShared(_keyFile, "private key");
        try
        {
            X509Certificate2 leaf = X509Certificate2.CreateFromPemFile(_file, _keyFile);
            X509Certificate2Collection above = [];
            above.ImportFromPemFile(_file);
            return new Loaded(leaf, SslStreamCertificateContext.Create(leaf, above, offline: true));
        }
        catch (CryptographicException bad)
        {
            throw new SeguroException(ErrorCode.BadValue, $"{_file} and {_keyFile} are no certificate with its key: {bad.Message}", "Name PEM files that belong together, the key without a password.", bad);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw FileFault.Reading(_file, failed);
        }
    }

    private sealed record Loaded(X509Certificate2 Leaf, SslStreamCertificateContext Context);
}
