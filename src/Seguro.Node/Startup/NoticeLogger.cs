using Microsoft.Extensions.Logging;

namespace Seguro.Node.Startup;

/// <summary>Turns what the parts of a member log into lines for people.</summary>
sealed class NoticeLogger(Action<string> notice) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            notice(formatter(state, exception));
    }
}
