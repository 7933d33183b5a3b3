using Seguro.Cli.Output;
using Seguro.Core;

namespace Seguro.Cli.Commands.Log;

/// <summary>An event on one line: number, size, chain.</summary>
internal static class EventLine
{
    public static void Print(Terminal terminal, bool json, EventNumber number, long size, Chain chain)
    {
        if (json)
            terminal.Json(new { number = number.Value, size, chain = chain.ToString() });
        else
            terminal.Output.WriteLine($"{number,12}  {size,14:N0} bytes  {chain}");
    }
}
