using System.CommandLine;
using Seguro.Cli.Output;
using Seguro.Vere.Running;

namespace Seguro.Cli.Commands;

/// <summary><c>seguro relay</c>: what a king starts as its worker; it gives king and member each other's bytes. Nobody calls it by hand.</summary>
internal static class RelayCommand
{
    private static readonly Argument<string> Socket = new("SOCKET") { Description = "The member's socket." };
    private static readonly Argument<string[]> Arguments = new("ARGUMENT") { Description = "With what the king starts its worker.", Arity = ArgumentArity.ZeroOrMore };

    public static Command Create(Terminal terminal) =>
        new Command("relay", "Carry bytes between a king and this member.") { Socket, Arguments }.Hide().Does(terminal, async (parse, cancel) =>
        {
            await using Stream king = Console.OpenStandardInput();
            await using Stream toKing = Console.OpenStandardOutput();
            return await RelayLine.CarryAsync(parse.GetRequiredValue(Socket), parse.GetValue(Arguments) ?? [], king, toKing, cancel);
        });

    private static Command Hide(this Command command)
    {
        command.Hidden = true;
        return command;
    }
}
