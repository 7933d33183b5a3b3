using System.Globalization;
using Seguro.Core;
using Seguro.Files;

namespace Seguro.Balancer;

/// <summary>A file with keys that may be replaced while it is in use: it is looked at whenever somebody asks for what it holds, and read again when it changed.</summary>
/// <remarks>For any thread.</remarks>
/// <typeparam name="T">What it holds.</typeparam>
public sealed class KeyFile<T>
    where T : class
{
    private const int LongestFile = 64 << 10;

    private readonly string _path;
    private readonly Func<string, string, T> _parse;
    private readonly Lock _lock = new();
    private string _seen;
    private T _current;
    private volatile string? _problem;

    private KeyFile(string path, Func<string, string, T> parse)
    {
        _path = path;
        _parse = parse;
        _seen = Look();
        _current = Read();
    }

    /// <summary>What it holds now; what it held before, where it can't be used now.</summary>
    public T Current
    {
        get
        {
            lock (_lock)
            {
                string seen = Look();
                if (seen == _seen)
                    return _current;
                _seen = seen;
                try
                {
                    _current = Read();
                    _problem = null;
                }
                catch (SeguroException error)
                {
                    _problem = $"The key file changed, and can't be used: {error.Message}. What it held before stays in force. {error.NextStep}";
                }
                return _current;
            }
        }
    }

    /// <summary>Why it can't be used now; <see langword="null"/> where it can. A full sentence.</summary>
    public string? Problem => _problem;

    /// <summary>Reads a file.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="parse">Makes something of its text; is told the path for errors, and never says what it read.</param>
    /// <exception cref="SeguroException">
    /// <see cref="ErrorCode.NotFound"/>; <see cref="ErrorCode.FileAccess"/>; <see cref="ErrorCode.ExposedSecret"/>: others can read or change it;
    /// <see cref="ErrorCode.BadValue"/>: it holds something else.
    /// </exception>
    internal static KeyFile<T> Load(string path, Func<string, string, T> parse) => new(path, parse);

    private string Look()
    {
        FileInfo info = new(_path);
        return info.Exists ? string.Create(CultureInfo.InvariantCulture, $"{info.LastWriteTimeUtc.Ticks}/{info.Length}") : "-";
    }

    private T Read()
    {
        try
        {
            if (!File.Exists(_path))
                throw NotThere(null);
            SecretFile.RefuseShared(_path, "key");
            // A key file is short: what is not stays unread.
            return _parse(new FileInfo(_path).Length <= LongestFile ? File.ReadAllText(_path) : "", _path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw NotThere(error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new SeguroException(ErrorCode.FileAccess, $"the key file {_path} can't be read", "Check its permissions.", error);
        }
    }

    private SeguroException NotThere(Exception? error) => new(ErrorCode.NotFound, $"there is no key file {_path}", KeyRing.MakeNew, error);
}
