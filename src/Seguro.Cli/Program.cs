using Seguro.Cli;
using Seguro.Cli.Output;

return await SeguroCommand.RunAsync(args, Terminal.OfProcess(), CancellationToken.None);
