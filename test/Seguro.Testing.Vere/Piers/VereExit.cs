namespace Seguro.Testing.Vere;

/// <summary>The process ends here, as vere would: with a code, and what it says before.</summary>
sealed class VereExit(int code, string message) : Exception(message)
{
    /// <summary>The exit code.</summary>
    public int Code => code;

    /// <summary>An end that is an error.</summary>
    public static VereExit Failed(string message) => new(1, message);
}
