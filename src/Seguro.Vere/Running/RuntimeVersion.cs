namespace Seguro.Vere.Running;

/// <summary>Which version a vere is, by its own word: the first line of what <c>urbit -R</c> prints, <c>urbit 4.6</c>.</summary>
public static class RuntimeVersion
{
    private const string Name = "urbit ";
    private const int LongestAnswer = 4096;
    private const int LongestVersion = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Asks it; no pier is touched.</summary>
    /// <param name="binary">The program.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>The version, such as <c>4.6</c> or <c>4.6-859fd5c65c</c>; <see langword="null"/> where it does not say, for ten seconds.</returns>
    public static async Task<string?> AskAsync(string binary, CancellationToken cancel)
    {
        ChildProcess? asked = null;
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        try
        {
            asked = await ChildProcess.StartAsync("urbit -R", binary, ["-R"]);
            _ = asked.Error.CopyToAsync(Stream.Null, limit.Token).ContinueWith(static copy => copy.Exception, TaskScheduler.Default);
            byte[] answer = new byte[LongestAnswer];
            int read = await asked.Output.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, limit.Token);
            return Read(System.Text.Encoding.UTF8.GetString(answer, 0, read));
        }
        catch (Exception silent) when (silent is IOException or Core.SeguroException || (silent is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return null;
        }
        finally
        {
            asked?.Kill();
        }
    }

    /// <summary>The version in what it prints; <see langword="null"/> where that is no such text.</summary>
    public static string? Read(string printed)
    {
        ArgumentNullException.ThrowIfNull(printed);
        string first = printed.Split('\n', 2)[0].Trim();
        return first.StartsWith(Name, StringComparison.Ordinal) && first[Name.Length..].Trim() is { Length: > 0 and <= LongestVersion } version
            && version.All(static next => char.IsAsciiLetterOrDigit(next) || next is '.' or '-' or '_')
            ? version
            : null;
    }
}
