using System.Reflection;
using Seguro.Core;

namespace Seguro.Tests.Node.Ships;

/// <summary>A stored log that counts what is asked of it.</summary>
public class CountedLog : DispatchProxy
{
    private IStoredLog? _inner;
    private Action<string>? _counts;

    /// <summary>Puts a counter before a log.</summary>
    public static IStoredLog Of(IStoredLog inner, Action<string> counts)
    {
        IStoredLog log = Create<IStoredLog, CountedLog>();
        ((CountedLog)log)._inner = inner;
        ((CountedLog)log)._counts = counts;
        return log;
    }

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name.EndsWith("Async", StringComparison.Ordinal))
            _counts!(targetMethod.Name);
        return targetMethod.Invoke(_inner, args);
    }
}
