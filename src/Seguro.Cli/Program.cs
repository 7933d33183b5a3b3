using Seguro.Cli;
using Seguro.Cli.Output;

using Signals signals = new();
return await SeguroCommand.RunAsync(args, Terminal.OfProcess(), signals.End);
